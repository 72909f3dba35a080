// Tells the thread sanitizer what Swift's Mutex does when threads meet at it. The quick ways in and out are inlined and so are
// seen; the slow ones are in libswiftSynchronization, which is not instrumented, so that whoever had to wait would be
// reported as racing with whom he waited for. scripts/sanitize links this in front of that library (Swift 6.3,
// Synchronization/Mutex/LinuxImpl.swift: the address of the handle is that of its one atomic word).
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define HANDLE __attribute__((swift_context)) void *handle
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((swiftcall)) void onetime_lock_slow(uint32_t thread, HANDLE) __asm__(LOCK);
__attribute__((swiftcall)) void onetime_unlock_slow(HANDLE) __asm__(UNLOCK);

__attribute__((swiftcall)) void onetime_lock_slow(uint32_t thread, HANDLE) {
    typedef __attribute__((swiftcall)) void (*Lock)(uint32_t, HANDLE);
    ((Lock)dlsym(RTLD_NEXT, LOCK))(thread, handle);
    __tsan_acquire(handle);
}

__attribute__((swiftcall)) void onetime_unlock_slow(HANDLE) {
    typedef __attribute__((swiftcall)) void (*Unlock)(HANDLE);
    __tsan_release(handle);
    ((Unlock)dlsym(RTLD_NEXT, UNLOCK))(handle);
}
