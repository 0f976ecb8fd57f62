/* A wall clock that somebody sets: CLOCK_REALTIME is off by the seconds that the file WALL_CLOCK
 * holds at the moment; who sets it writes there. Every other clock is the kernel's own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (failed || clock != CLOCK_REALTIME) return failed;
    FILE *file = fopen(getenv("WALL_CLOCK"), "r");
    if (!file) return 0;
    long off = 0;
    if (fscanf(file, "%ld", &off) == 1) now->tv_sec += off;
    fclose(file);
    return 0;
}

int clock_settime(clockid_t clock, const struct timespec *wanted) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    struct timespec now;
    if (clock != CLOCK_REALTIME || real(clock, &now)) return -1;
    FILE *file = fopen(getenv("WALL_CLOCK"), "w");
    if (!file) return -1;
    fprintf(file, "%ld", (long)(wanted->tv_sec - now.tv_sec));
    return fclose(file);
}
