/* Loaded into Agave's validator before its own libraries.
 *
 * The wall clock of the process runs ahead of the machine's by the seconds (eight bytes) at the start of the file that UPSIDE_CLOCK names; whoever
 * writes there moves it. Clocks that only measure durations are the machine's. The process is killed when the one that started it ends. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t *ahead;
static int (*machine_clock)(clockid_t, struct timespec *);

__attribute__((constructor)) static void open_clock(void)
{
    const char *path = getenv("UPSIDE_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    void *seconds = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (seconds == MAP_FAILED) {
        fputs("UPSIDE_CLOCK names no file of eight bytes\n", stderr);
        _exit(1);
    }
    close(file);
    machine_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    ahead = seconds;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int failed = machine_clock == NULL ? (int)syscall(SYS_clock_gettime, clock, now) : machine_clock(clock, now);
    if (failed == 0 && ahead != NULL && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += __atomic_load_n(ahead, __ATOMIC_RELAXED);
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec precise;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &precise) != 0)
        return -1;
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *seconds)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return (time_t)-1;
    if (seconds != NULL)
        *seconds = now.tv_sec;
    return now.tv_sec;
}
