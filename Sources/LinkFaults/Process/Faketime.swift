import Glibc

/// Debian's library that gives a process another wall clock, which jumps when told to.
package struct Faketime: Sendable {
    private let clock: String
    private let preloaded: String

    /// Where the library is; `nil` = it is not installed.
    package static var library: String? {
        ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
            .first { access($0, R_OK) == 0 }
    }

    /// Timers go to the kernel as they are.
    ///
    /// The library takes every timer for one of the wall clock: after a jump those of the time since the machine started
    /// would come at once or in an hour, which no real jump does.
    private static let timers = """
        #include <sys/syscall.h>
        #include <sys/timerfd.h>
        #include <unistd.h>
        int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old) {
            return syscall(SYS_timerfd_settime, fd, flags, value, old);
        }
        """

    /// A clock that shows the true time until it jumps.
    package init() async throws {
        let folder = try await Room.folder()
        clock = "\(folder)/clock"
        preloaded = "\(folder)/timers.so \(Self.library ?? "")"
        let source = "\(folder)/timers.c"
        try await Room.run(["/bin/sh", "-c", "cat >'\(source)' <<'END'\n\(Self.timers)\nEND\n"])
        // The compiler comes with Swift's toolchain.
        try await Room.run(["/usr/bin/env", "clang", "-shared", "-fPIC", "-o", "\(folder)/timers.so", source])
        try await jump(to: "+0")
    }

    /// Set for the process that is to have this clock.
    package var environment: [String: String] {
        [
            "LD_PRELOAD": preloaded, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1",
            // A clock that is set does not move the time since the machine started.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
    }

    /// - Parameter offset: from the true time, as `+1h` or `-24h`.
    package func jump(to offset: String) async throws {
        // In one step: a file that is read half written is no clock.
        try await Room.run(["/bin/sh", "-c", "echo '\(offset)' >'\(clock).new' && mv '\(clock).new' '\(clock)'"])
    }
}
