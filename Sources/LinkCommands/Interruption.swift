import Postgres
import Synchronization

/// What becomes of work that is interrupted: told by the work as it goes, said to the person at the end.
package final class Interruption: Sendable {
    private struct State {
        var signal: Int32?
        var words = "Nothing was changed."
    }

    private let state = Mutex(State())

    /// The signal that asked for the end; nil while nobody has.
    package var signal: Int32? { state.withLock { $0.signal } }

    /// What to say of the work if it is interrupted now.
    package var words: String { state.withLock { $0.words } }

    /// How the program ends then, as shells have it.
    package var exitCode: Int32 { 128 + (signal ?? 0) }

    /// Notes what has become of the work so far, in a sentence.
    func note(_ words: String) { state.withLock { $0.words = words } }

    /// Notes that the work is to end; what was asked first stays.
    func begin(_ signal: Int32) { state.withLock { $0.signal = $0.signal ?? signal } }

    /// Runs what changes the database at once or not at all, and notes which of the two it was.
    ///
    /// - Parameter done: what to say from then on.
    func recording<Value>(
        _ body: () async throws -> Value, done: (Value) throws -> String
    ) async throws -> Value {
        note("It is not known whether it was recorded; assetlinkctl audit tells.")
        do {
            let value = try await body()
            note(try done(value))
            return value
        } catch let error as PostgresError where error.code == .connectionLost {
            throw error
        } catch {
            note("Nothing was recorded.")
            throw error
        }
    }
}
