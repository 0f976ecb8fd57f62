/* A disk that forgets: what was not fsynced is gone after the power cut.
 *
 * Preloaded into a process, it keeps in SHADOW what each file below WATCHED held at its last
 * fsync or fdatasync. After the process was killed, SHADOW is what a disk would hold. Names are
 * taken to be durable at once, as on a file system with a journal of its names; contents are not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int shadow_of(const char *path, char *shadow) {
    const char *watched = getenv("WATCHED"), *place = getenv("SHADOW");
    size_t length = watched ? strlen(watched) : 0;
    if (!length || !place || strncmp(path, watched, length) || path[length] != '/') return 0;
    snprintf(shadow, PATH_MAX, "%s", place);
    size_t at = strlen(shadow);
    for (const char *rest = path + length; *rest && at < PATH_MAX - 1; rest++) {
        if (*rest == '/' && rest != path + length) {
            shadow[at] = 0;
            mkdir(shadow, 0700);
        }
        shadow[at++] = *rest;
    }
    shadow[at] = 0;
    return 1;
}

static void keep(int fd) {
    char link[64], path[PATH_MAX], shadow[PATH_MAX], beside[PATH_MAX + 8], block[65536];
    struct stat status;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode)) return;
    path[length] = 0;
    if (!shadow_of(path, shadow)) return;
    snprintf(beside, sizeof beside, "%s.new", shadow);
    /* by name: the descriptor may be open for writing only */
    int from = open(path, O_RDONLY), to = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (from < 0 || to < 0) abort();
    while ((length = read(from, block, sizeof block)) > 0)
        if (write(to, block, length) != length) abort();
    close(from);
    close(to);
    /* in one piece: a kill in the middle leaves what was durable before */
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    if (real(beside, shadow)) abort();
}

int fsync(int fd) { keep(fd); return 0; }
int fdatasync(int fd) { keep(fd); return 0; }

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    char old[PATH_MAX], new[PATH_MAX];
    int result = real(from, to);
    if (!result && shadow_of(from, old) && shadow_of(to, new)) real(old, new);
    return result;
}

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    char shadow[PATH_MAX];
    int result = real(path);
    if (!result && shadow_of(path, shadow)) real(shadow);
    return result;
}
