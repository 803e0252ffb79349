#include <libpq-fe.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

/* Names the calling thread; prctl itself is variadic, which Swift does not import. */
static inline void assetlink_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
