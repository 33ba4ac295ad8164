/* A disk whose fsync takes longer: loaded before libc, it sleeps after each real fsync. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void wait_longer(void)
{
    static long microseconds = -1;
    if (microseconds < 0) {
        const char *text = getenv("BENCH_FSYNC_DELAY_US");
        microseconds = text ? atol(text) : 0;
    }
    int kept = errno;
    struct timespec left = {microseconds / 1000000, (microseconds % 1000000) * 1000};
    while (nanosleep(&left, &left) == -1 && errno == EINTR) {
    }
    errno = kept;
}

int fsync(int descriptor)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    int result = real(descriptor);
    wait_longer();
    return result;
}

int fdatasync(int descriptor)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int result = real(descriptor);
    wait_longer();
    return result;
}
