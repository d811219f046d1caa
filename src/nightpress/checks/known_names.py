"""Names that exist without any plugin: Claude Code's own commands and variables, and folders.

Source: Claude Code's documentation of slash commands, hooks and plugins (2026-11).
"""

from __future__ import annotations

COMMANDS = frozenset(
    "add-dir agents allowed-tools android bashes batch branch btw bug checkpoint chrome clear"
    " color compact config context continue copy cost debug desktop diff doctor effort exit export"
    " extra-usage fast feedback focus fork help hooks ide init insights ios install"
    " install-github-app install-slack-app keybindings login logout loop mcp memory mobile model"
    " output-style passes permissions plan plugin plugins powerup pr-comments privacy-settings"
    " quit rc recap release-notes reload-plugins remote-control remote-env rename resume review"
    " rewind sandbox schedule security-review setup-bedrock setup-vertex simplify skills stats"
    " status statusline stickers tasks team-onboarding teleport terminal-setup theme todos tui"
    " ultraplan ultrareview upgrade usage vim voice web-setup command skill-name command-name"
    " your-command my-command plugin-name".split()
)
AGENTS = frozenset("general-purpose explore plan statusline-setup claude-code-guide claude".split())
SKILLS = frozenset("pdf docx xlsx pptx skill-creator claude-api".split())
VARIABLES = frozenset(
    "CLAUDE_PLUGIN_ROOT CLAUDE_PLUGIN_DATA CLAUDE_PROJECT_DIR CLAUDE_SKILL_DIR CLAUDE_SESSION_ID"
    " CLAUDE_ENV_FILE CLAUDE_CONFIG_DIR CLAUDE_CODE_REMOTE CLAUDE_CODE_ENTRYPOINT CLAUDE_EFFORT"
    " CLAUDE_API_KEY CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX"
    " CLAUDE_CODE_MAX_OUTPUT_TOKENS CLAUDE_CODE_ENABLE_TELEMETRY CLAUDE_CODE_SSE_PORT"
    " CLAUDE_CODE_EXPERIMENTAL_AGENT_TEAMS CLAUDE_CODE_SUBAGENT_MODEL CLAUDE_MODEL"
    " CLAUDE_WORKING_DIR CLAUDE_CODE_SHELL_PREFIX CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR"
    " CLAUDE_CODE_API_KEY_HELPER_TTL_MS CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"
    " CLAUDE_TOOL_INPUT CLAUDE_TOOL_NAME CLAUDE_TOOL_OUTPUT CLAUDE_FILE_PATHS CLAUDE_NOTIFICATION"
    " CLAUDE_USER_PROMPT CLAUDE_TIMEOUT CLAUDE_DEBUG CLAUDE_LOG_LEVEL CLAUDECODE".split()
)
ROOTS = frozenset(
    "tmp etc usr var bin home opt dev proc sys mnt srv root lib run sbin boot media data app"
    " workspace users api health healthz metrics login logout admin v1 v2 graphql docs static"
    " public src index path ready readyz live livez token".split()
)
TOOLS = frozenset(
    "Agent AskUserQuestion Bash BashOutput CronCreate CronDelete CronList Edit EnterPlanMode"
    " EnterWorktree ExitPlanMode ExitWorktree Glob Grep KillBash KillShell LS ListMcpResources"
    " ListMcpResourcesTool LSP Monitor MultiEdit NotebookEdit NotebookRead PowerShell Read"
    " ReadMcpResource ReadMcpResourceTool RemoteTrigger SendMessage SendUserFile Skill SlashCommand"
    " StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TeamCreate"
    " TeamDelete TodoRead TodoWrite ToolSearch WebFetch WebSearch Write computer".split()
)
ENVIRONMENT = frozenset("API_KEY GITHUB_TOKEN GH_TOKEN NODE_ENV HTTP_PROXY HTTPS_PROXY".split())
"""Variables that are anybody's."""
FILES = frozenset(
    "package.json package-lock.json pnpm-lock.yaml yarn.lock tsconfig.json requirements.txt"
    " pyproject.toml setup.py setup.cfg pipfile poetry.lock cargo.toml cargo.lock go.mod go.sum"
    " gemfile gemfile.lock composer.json pom.xml build.gradle readme.md changelog.md"
    " contributing.md license.md claude.md agents.md skill.md plugin.json marketplace.json"
    " hooks.json settings.json settings.local.json .mcp.json .gitignore .env .env.example"
    " .env.local docker-compose.yml docker-compose.yaml compose.yaml next.config.js vite.config.ts"
    " index.js index.ts index.html main.py app.py __init__.py memory.md node.js next.js vue.js"
    " express.js d3.js three.js nuxt.js react.js nest.js chart.js socket.io asp.net".split()
)
"""Files that any project may have, and names that look like files; lower case."""
PRODUCTS = tuple(
    r"Python Node(?:\.js)? npm pnpm yarn Java JDK Go Rust Ruby PHP Docker Kubernetes"
    r" Postgres(?:QL)? MySQL MariaDB Redis MongoDB Git TypeScript React Angular Vue Django Rails"
    r" Terraform Helm Bash macOS Ubuntu Debian Windows \.NET Swift Kotlin Flask FastAPI Spring"
    r" Laravel Ansible Claude(?:\sCode)? Deno Bun Perl Elixir Scala".split()
)
"""Products that a version follows, as patterns."""
