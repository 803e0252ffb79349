/// What may hold a password, and therefore says nothing of itself: not in an interpolation, not in a dump, not in the logs of
/// libraries that print whatever they run.
package protocol Undisclosed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Undisclosed {
    /// The name of its type.
    package var description: String { "\(Self.self)" }
    /// The same.
    package var debugDescription: String { description }
    /// Without fields.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
