"""Whatever speaks the OpenAI protocol: OpenAI, OpenRouter, Groq, and servers by their base URL."""
