import Glibc
import Testing

@testable import LinkService

/// What a burst took is given back once nothing is waiting.
@Suite struct HeapTests {
    @Test func itIsWorthItAfterWorkAndBeforeTheNext() {
        var thrift = HeapThrift()
        func isDue() -> Bool { thrift.isDue() }
        #expect(!isDue(), "it has not looked at the log yet")
        thrift.looked(found: 0)
        #expect(isDue(), "what the start left")
        #expect(!isDue(), "nothing was done since")
        thrift.looked(found: HeapThrift.leastChanges - 1)
        thrift.looked(found: 0)
        #expect(!isDue(), "too little was done")
        thrift.looked(found: 1)
        #expect(!isDue(), "more may be waiting")
        thrift.looked(found: 0)
        #expect(isDue())
    }

    /// Holes anywhere in the heap, as a burst leaves them: 60 MB in blocks, every 64th of which stays.
    @Test func holesAreGivenBack() {
        let blocks = (0..<60_000).map { _ in
            let block = malloc(1_000)
            if let block { memset(block, 1, 1_000) }
            return block
        }
        for (index, block) in blocks.enumerated() where index % 64 != 0 { free(block) }
        let before = Self.residentPages
        Heap.giveBack()
        let after = Self.residentPages
        for (index, block) in blocks.enumerated() where index % 64 == 0 { free(block) }
        // At least half of it: other tests of this process take memory meanwhile.
        #expect(before - after > 30_000_000 / Int(sysconf(CInt(_SC_PAGESIZE))), "\(before) pages, then \(after)")
    }

    /// Code runs on after it was given back, whichever it is.
    @Test func codeComesBackWhenItRuns() {
        let before = (0..<1_000).map { "\($0)".split(separator: "1").joined() }
        Heap.giveBack()
        #expect((0..<1_000).map { "\($0)".split(separator: "1").joined() } == before)
    }

    /// As the kernel counts them.
    private static var residentPages: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: " ").dropFirst().first
            .flatMap { Int($0) } ?? 0
    }
}
