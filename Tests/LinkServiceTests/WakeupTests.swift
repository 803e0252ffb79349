import Testing

@testable import LinkService

/// What ends a sleep of the loop, and what does not.
@Suite struct WakeupTests {
    /// Longer than any test may take.
    private let long = Duration.seconds(600)

    @Test(.timeLimit(.minutes(1))) func aRingBeforeTheWaitEndsIt() async {
        let wakeup = Wakeup()
        wakeup.ring()
        wakeup.ring()
        #expect(await wakeup.wait(long))
        // Both counted as one.
        #expect(await !wakeup.wait(.milliseconds(1)))
    }

    @Test(.timeLimit(.minutes(1))) func aRingEndsTheWaitUnderWay() async {
        let wakeup = Wakeup()
        for _ in 0..<1_000 {
            async let isRung = wakeup.wait(long)
            wakeup.ring()
            #expect(await isRung)
        }
    }

    @Test(.timeLimit(.minutes(1))) func stopEndsEveryWait() async {
        let wakeup = Wakeup()
        async let first = wakeup.wait(long)
        wakeup.stop()
        #expect(await first)
        #expect(await wakeup.wait(long))
        #expect(wakeup.isStopping)
    }

    @Test(.timeLimit(.minutes(1))) func cancellationEndsTheWait() async {
        let wakeup = Wakeup()
        for _ in 0..<1_000 {
            let task = Task { await wakeup.wait(long) }
            task.cancel()
            #expect(await !task.value)
        }
    }

    @Test(.timeLimit(.minutes(1))) func aTimeOutIsNoRing() async {
        let wakeup = Wakeup()
        let clock = ContinuousClock()
        let start = clock.now
        #expect(await !wakeup.wait(.milliseconds(20)))
        #expect(clock.now - start >= .milliseconds(20))
    }

    /// A timer that ran out before anybody waited would wake nobody.
    @Test(.timeLimit(.minutes(1)), arguments: [Duration.zero, .nanoseconds(1), .microseconds(5), .milliseconds(-1)])
    func noWaitIsTooShort(limit: Duration) async {
        let wakeup = Wakeup()
        for _ in 0..<5_000 { await wakeup.wait(limit) }
    }

    @Test(.timeLimit(.minutes(1))) func anOldTimerDoesNotEndTheNextWait() async {
        let wakeup = Wakeup()
        for _ in 0..<200 {
            wakeup.ring()
            await wakeup.wait(.microseconds(200))
            let start = ContinuousClock().now
            #expect(await !wakeup.wait(.milliseconds(2)))
            #expect(ContinuousClock().now - start >= .milliseconds(2))
        }
    }

    @Test func theInboxIsBoundedAndCounts() {
        let inbox = Inbox()
        for number in 0..<20_003 { inbox.add(Inbox.Event(channel: "itam_asset", payload: "\(number)")) }
        let (events, dropped) = inbox.take()
        #expect(events.count == 20_000)
        #expect(events.last?.payload == "19999")
        #expect(dropped == 3)
        #expect(inbox.take().list.isEmpty)
    }
}
