import Glibc
import UnixSignals

extension Assetlinkctl {
    /// How long interrupted work may take to stop; what it has not committed the server undoes then.
    private static let grace = Duration.seconds(3)

    /// Runs a command line as the process does: an interrupt stops the work where it can stop, a second one at once.
    package static func runAsProcess(_ arguments: [String], on console: Console) async -> Int32 {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let work = Task { await run(arguments, on: console) }
        return await withTaskGroup(of: Int32?.self) { group in
            group.addTask { await work.value }
            group.addTask {
                await stop(work, by: signals, console)
                return nil
            }
            var code: Int32?
            while code == nil, let ended = await group.next() { code = ended }
            group.cancelAll()
            return code ?? console.interruption.exitCode
        }
    }

    private static func stop(_ work: Task<Int32, Never>, by signals: UnixSignalsSequence, _ console: Console) async {
        await withDiscardingTaskGroup { group in
            for await signal in signals {
                guard console.interruption.signal == nil else { leave(console) }
                console.interruption.begin(signal.rawValue)
                work.cancel()
                group.addTask {
                    guard (try? await Task.sleep(for: grace)) != nil else { return }
                    leave(console)
                }
            }
        }
    }

    /// Ends the process with what is known.
    private static func leave(_ console: Console) -> Never {
        sayInterrupted(console)
        _exit(console.interruption.exitCode)
    }

    /// Says that it was interrupted, and what became of the work.
    static func sayInterrupted(_ console: Console) {
        console.draw?("\r\u{1B}[K")
        console.remark("assetlinkctl: interrupted. \(console.interruption.words)")
    }
}
