/* A disk that refuses: LD_PRELOAD this, and the N-th change below FAULT_ROOT fails.

   FAULT_ROOT   folder; what happens elsewhere is let through (and nothing at all without it)
   FAULT_AT     which change fails, from 1; 0: none, they are only counted
   FAULT_ERRNO  the number that it fails with; FAULT_ON=1: and so does every change after it
   FAULT_SPARED a part of a path: what has its blocks already may be written and synced
   FAULT_LOG    a file that gets one line for each change: its number, what it was, its path

   A change is opening for writing, write, fsync, rename, link, mkdir, unlink, truncate, allocate, chmod. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int ready;
static atomic_long count;
static long at;
static int code, on, log_file = -1;
static const char *root, *spared;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static int armed(void)
{
    if (ready) return 1;
    if (!(root = getenv("FAULT_ROOT"))) return 0;
    at = atol(getenv("FAULT_AT") ? getenv("FAULT_AT") : "0");
    code = atoi(getenv("FAULT_ERRNO") ? getenv("FAULT_ERRNO") : "5");
    on = getenv("FAULT_ON") != NULL;
    root = strdup(root);
    spared = strdup(getenv("FAULT_SPARED") ? getenv("FAULT_SPARED") : "");
    if (getenv("FAULT_LOG")) {
        __typeof__(open) *real_open = (__typeof__(open) *)dlsym(RTLD_NEXT, "open");
        log_file = real_open(getenv("FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    ready = 1;
    return 1;
}

/* Does this change fail? errno is set then. */
static int fails(const char *what, int folder, const char *path)
{
    char whole[PATH_MAX * 2], link[64];
    int before = errno;
    if (!armed()) return 0;
    whole[0] = 0;
    if (!path || path[0] != '/') {
        if (path && folder == AT_FDCWD) {
            if (!getcwd(whole, PATH_MAX)) whole[0] = 0;
        } else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
            ssize_t size = readlink(link, whole, PATH_MAX - 1);
            whole[size < 0 ? 0 : size] = 0;
        }
        if (path) strcat(whole, "/");
    }
    if (path) strncat(whole, path, PATH_MAX - 1);
    errno = before;
    if (strncmp(whole, root, strlen(root))) return 0;
    if (spared && *spared && strstr(whole, spared) && (!strcmp(what, "write") || what[0] == 'f')) return 0;
    long number = ++count;
    int now = at && (number == at || (on && number > at));
    if (log_file >= 0) {
        __typeof__(write) *real_write = (__typeof__(write) *)dlsym(RTLD_NEXT, "write");
        char line[PATH_MAX * 2 + 64];
        int size = snprintf(line, sizeof line, "%ld%s %s %s\n", number, now ? "!" : "", what, whole);
        if (real_write(log_file, line, size) < 0) errno = before;
    }
    if (now) errno = code;
    return now;
}

#define WRITES(flags) ((flags) & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC))
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        MODE(flags) REAL(name); \
        return WRITES(flags) && fails("open", AT_FDCWD, path) ? -1 : real(path, flags, mode); }
#define OPENAT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        MODE(flags) REAL(name); \
        return WRITES(flags) && fails("open", folder, path) ? -1 : real(folder, path, flags, mode); }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

#define CALL(type, name, parameters, folder, path, arguments) \
    type name parameters { REAL(name); return fails(#name, folder, path) ? -1 : real arguments; }
#define NUMBERED(name, parameters, folder, path, arguments) /* gives the error, not -1 */ \
    int name parameters { REAL(name); return fails(#name, folder, path) ? errno : real arguments; }
CALL(ssize_t, write, (int f, const void *b, size_t n), f, NULL, (f, b, n))
CALL(ssize_t, pwrite, (int f, const void *b, size_t n, off_t o), f, NULL, (f, b, n, o))
CALL(ssize_t, pwrite64, (int f, const void *b, size_t n, off64_t o), f, NULL, (f, b, n, o))
CALL(ssize_t, writev, (int f, const struct iovec *v, int n), f, NULL, (f, v, n))
CALL(int, fsync, (int f), f, NULL, (f))
CALL(int, fdatasync, (int f), f, NULL, (f))
CALL(int, ftruncate, (int f, off_t n), f, NULL, (f, n))
CALL(int, ftruncate64, (int f, off64_t n), f, NULL, (f, n))
CALL(int, fallocate, (int f, int m, off_t o, off_t n), f, NULL, (f, m, o, n))
CALL(int, fallocate64, (int f, int m, off64_t o, off64_t n), f, NULL, (f, m, o, n))
NUMBERED(posix_fallocate, (int f, off_t o, off_t n), f, NULL, (f, o, n))
NUMBERED(posix_fallocate64, (int f, off64_t o, off64_t n), f, NULL, (f, o, n))
CALL(int, fchmod, (int f, mode_t m), f, NULL, (f, m))
CALL(int, chmod, (const char *p, mode_t m), AT_FDCWD, p, (p, m))
CALL(int, fchmodat, (int d, const char *p, mode_t m, int g), d, p, (d, p, m, g))
CALL(int, mkdir, (const char *p, mode_t m), AT_FDCWD, p, (p, m))
CALL(int, mkdirat, (int d, const char *p, mode_t m), d, p, (d, p, m))
CALL(int, unlink, (const char *p), AT_FDCWD, p, (p))
CALL(int, unlinkat, (int d, const char *p, int g), d, p, (d, p, g))
CALL(int, rmdir, (const char *p), AT_FDCWD, p, (p))
CALL(int, rename, (const char *a, const char *b), AT_FDCWD, b, (a, b))
CALL(int, renameat, (int d, const char *a, int e, const char *b), e, b, (d, a, e, b))
CALL(int, renameat2, (int d, const char *a, int e, const char *b, unsigned g), e, b, (d, a, e, b, g))
CALL(int, linkat, (int d, const char *a, int e, const char *b, int g), e, b, (d, a, e, b, g))
CALL(int, symlinkat, (const char *a, int e, const char *b), e, b, (a, e, b))
