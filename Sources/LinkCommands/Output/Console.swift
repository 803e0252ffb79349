import Glibc

/// Where answers and messages go, and what is known about who reads them.
package struct Console: Sendable {
    /// Takes a line of the answer: standard output.
    package let say: @Sendable (String) -> Void
    /// Takes a line about the answer: standard error.
    package let remark: @Sendable (String) -> Void
    /// The columns of the terminal.
    package let width: Int
    /// Colours, or none.
    package let style: Style
    /// What becomes of the work when it is interrupted.
    package let interruption: Interruption

    /// Puts text on standard error as it is, to be overwritten; nothing where no terminal shows it.
    let draw: (@Sendable (String) -> Void)?

    /// Any destination; without colours.
    package init(
        width: Int = 80, say: @escaping @Sendable (String) -> Void, remark: @escaping @Sendable (String) -> Void
    ) {
        self.init(width: width, style: .plain, say: say, remark: remark, draw: nil, interruption: Interruption())
    }

    private init(
        width: Int, style: Style, say: @escaping @Sendable (String) -> Void,
        remark: @escaping @Sendable (String) -> Void, draw: (@Sendable (String) -> Void)?, interruption: Interruption
    ) {
        self.width = width
        self.style = style
        self.say = say
        self.remark = remark
        self.draw = draw
        self.interruption = interruption
    }

    /// The process's own: as wide as its terminal, 80 columns when it is piped, colours on a terminal only.
    package static let process = Console(
        width: terminalWidth() ?? 80, style: Style(isOn: wantsColours()),
        say: { write($0 + "\n", to: STDOUT_FILENO) }, remark: { write($0 + "\n", to: STDERR_FILENO) },
        draw: drawing(), interruption: Interruption())

    /// The same without colours.
    func withoutColours() -> Console {
        Console(width: width, style: .plain, say: say, remark: remark, draw: draw, interruption: interruption)
    }

    private static func drawing() -> (@Sendable (String) -> Void)? {
        guard isatty(STDERR_FILENO) == 1, variable("TERM") != "dumb" else { return nil }
        return { write($0, to: STDERR_FILENO) }
    }

    private static func terminalWidth() -> Int? {
        var size = winsize()
        guard isatty(STDOUT_FILENO) == 1, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 20 else {
            return nil
        }
        return Int(size.ws_col)
    }

    /// See no-color.org.
    private static func wantsColours() -> Bool {
        guard isatty(STDOUT_FILENO) == 1, variable("NO_COLOR") == nil else { return false }
        return variable("TERM") != "dumb"
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    private static func write(_ text: String, to descriptor: CInt) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                // Nobody reads any more, as after `| head`.
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
        }
    }
}
