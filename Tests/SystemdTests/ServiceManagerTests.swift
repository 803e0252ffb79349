import Glibc
import LinkTesting
import Systemd
import Testing

@Suite struct ServiceManagerTests {
    @Test(arguments: [false, true]) func saysWhatItIsToldTo(isAbstract: Bool) throws {
        let listener = try DatagramListener(isAbstract: isAbstract)
        let manager = try #require(ServiceManager { ["NOTIFY_SOCKET": listener.name][$0] })
        #expect(manager.say([.ready, .status("leading; lag 4 ms\nSTOPPING=1"), .watchdog]))
        #expect(try listener.next() == "READY=1\nSTATUS=leading; lag 4 ms STOPPING=1\nWATCHDOG=1")
        #expect(manager.say([.extendTimeout(.seconds(30))]))
        #expect(try listener.next() == "EXTEND_TIMEOUT_USEC=30000000")
        #expect(manager.say([.stopping]))
        #expect(try listener.next() == "STOPPING=1")
    }

    /// The manager compares this time with its own: they must be of one clock.
    @Test func reloadingHasTheMonotonicTime() throws {
        let listener = try DatagramListener(isAbstract: false)
        let manager = try #require(ServiceManager { ["NOTIFY_SOCKET": listener.name][$0] })
        let before = monotonic()
        #expect(manager.say([.reloading]))
        let said = try listener.next().split(separator: "\n")
        #expect(said.first == "RELOADING=1")
        let time = try #require(said.last?.split(separator: "=").last.flatMap { Int64($0) })
        #expect(said.last?.hasPrefix("MONOTONIC_USEC=") == true)
        #expect(before <= time && time <= monotonic())
    }

    private func monotonic() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    @Test(arguments: [nil, "", "relative", "@", "vsock:2:1234", "/" + String(repeating: "x", count: 120)])
    func withoutAManagerThereIsNone(socket: String?) {
        #expect(ServiceManager { ["NOTIFY_SOCKET": socket][$0] ?? nil } == nil)
    }

    @Test func nobodyListening() throws {
        let manager = try #require(ServiceManager { ["NOTIFY_SOCKET": "/nonexistent/notify"][$0] })
        #expect(!manager.say([.ready]))
    }

    /// Never waits: a manager that does not read must not hold the loop.
    @Test func aFullSocketHoldsNobody() throws {
        let listener = try DatagramListener(isAbstract: false)
        let manager = try #require(ServiceManager { ["NOTIFY_SOCKET": listener.name][$0] })
        var said = 0
        while said < 10_000, manager.say([.status(String(repeating: "x", count: 1_000))]) { said += 1 }
        #expect(said > 0 && said < 10_000)
    }

    @Test func theWatchdogIsOnlyForThisProcess() throws {
        func watchdog(_ more: [String: String]) -> Duration? {
            ServiceManager({ ["NOTIFY_SOCKET": "/run/x"].merging(more) { $1 }[$0] }, pid: 42)?.watchdog
        }
        #expect(watchdog([:]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "30000000"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "42"]) == .seconds(30))
        #expect(watchdog(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "43"]) == nil)
        #expect(watchdog(["WATCHDOG_USEC": "nonsense"]) == nil)
    }
}
