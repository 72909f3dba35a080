// What the sanitizers of an executable are told, whatever its environment says: reports go to files, since the suites throw away
// what a server writes. REPORTS is the directory. Leaks are not looked for: that needs a process that lets itself be traced.
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void) {
    return "detect_leaks=0:quarantine_size_mb=64:log_path=" REPORTS "/address";
}

const char *__tsan_default_options(void) {
    return "exitcode=66:report_thread_leaks=0:log_path=" REPORTS "/thread";
}
