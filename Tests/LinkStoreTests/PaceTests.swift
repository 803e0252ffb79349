import Testing

@testable import LinkStore

/// Pages of bulk ranges: long while nobody waits, short while somebody does.
@Suite struct PaceTests {
    private let start = ContinuousClock.now

    @Test func pagesFillTheirTime() {
        var pace = Pace(BatchLimits())
        #expect(pace.page == 500)
        pace.note(.milliseconds(500), records: 500, live: 0, now: start)
        #expect(pace.page == 500)
        // Up at once, down slowly.
        pace.note(.milliseconds(1_000), records: 500, live: 0, now: start)
        #expect(pace.page == 250)
        pace.note(.milliseconds(250), records: 250, live: 0, now: start)
        #expect((251..<500).contains(pace.page))
        for _ in 0..<40 { pace.note(.microseconds(10 * pace.page), records: pace.page, live: 0, now: start) }
        #expect(pace.page == BatchLimits().bulk)
    }

    @Test func pagesAreShortWhileLiveChangesCome() {
        var pace = Pace(BatchLimits())
        pace.note(.milliseconds(100), records: 500, live: 0, now: start)
        #expect(pace.page == 2_000)
        pace.note(.milliseconds(100), records: 500, live: 1, now: start)
        #expect(pace.page == 100)
        // Whoever wrote one a moment ago will write another.
        pace.note(.milliseconds(20), records: 100, live: 0, now: start + .milliseconds(900))
        #expect(pace.page == 100)
        pace.note(.milliseconds(20), records: 100, live: 0, now: start + .milliseconds(1_100))
        #expect(pace.page == 2_000)
    }

    @Test func aBatchCostsSomethingByItself() {
        var pace = Pace(BatchLimits())
        pace.note(.seconds(10), records: 500, live: 1, now: start)
        #expect(pace.page == 50)
        // Of a page with hardly a record nothing is learned.
        pace.note(.seconds(1), records: 3, live: 0, now: start + .seconds(2))
        #expect(pace.page == 50)
    }
}
