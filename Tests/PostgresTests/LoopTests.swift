import Testing

@testable import Postgres

@Suite("Loop", .timeLimit(.minutes(1)))
struct LoopTests {
    @Test func deadlinesComeInOrder() {
        var heap = DeadlineHeap()
        let start = ContinuousClock.now
        var generator = SystemRandomNumberGenerator()
        var order: [Int] = []
        var ids: [Int: DeadlineHeap.ID] = [:]
        let offsets = (0..<1000).shuffled(using: &generator)
        for offset in offsets {
            ids[offset] = heap.insert(start.advanced(by: .seconds(offset))) { order.append(offset) }
        }
        for offset in offsets where offset % 3 != 0 { ids[offset].map { heap.remove($0) } }
        #expect(heap.popDue(at: start.advanced(by: .seconds(-1))) == nil)
        while let action = heap.popDue(at: start.advanced(by: .seconds(500))) { action() }
        #expect(order == (0...500).filter { $0 % 3 == 0 })
        #expect(heap.earliest() == start.advanced(by: .seconds(501)))
    }

    @Test func jobsRunInOrder() async {
        let log = await withCheckedContinuation { (continuation: CheckedContinuation<[Int], Never>) in
            final class Log: @unchecked Sendable { var values: [Int] = [] }  // touched on the loop only
            let log = Log()
            for value in 0..<1000 { ReadinessLoop.shared.submit { log.values.append(value) } }
            ReadinessLoop.shared.submit { continuation.resume(returning: log.values) }
        }
        #expect(log == Array(0..<1000))
    }

    @Test func trapsOffTheLoop() async {
        await #expect(processExitsWith: .failure) { ReadinessLoop.shared.assertOnLoop() }
    }
}
