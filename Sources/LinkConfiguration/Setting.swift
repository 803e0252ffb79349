package import LinkService
import Logging

/// One thing that may be set, described once: the reader, `--print-config`, the manual page and the example are made of it.
package struct Setting: Sendable {
    /// What a value is, and which are taken.
    package enum Kind: Hashable, Sendable {
        case text
        case path
        case yesOrNo
        /// Seconds, also parts of them.
        case seconds(ClosedRange<Double>)
        case count(ClosedRange<Int>)
        case choice([String])
        case address
    }

    /// What a file, the environment or a flag said, read as its kind.
    package enum Value: Hashable, Sendable {
        case text(String)
        case yesOrNo(Bool)
        case number(Double)
        case count(Int)
        case address(Endpoint?)
    }

    /// Its section and name, as in the file.
    package let key: String
    package let kind: Kind
    /// Whether it may hold a password: it is never shown.
    package let isSecret: Bool
    /// Whether it takes effect at the next start only; a reload that changes it is refused.
    package let needsRestart: Bool
    /// The flag that wins over file and environment; `nil`: there is none.
    package let flag: String?
    /// What it does, in a sentence or two.
    package let help: String
    /// Its value, as the file would have it.
    let show: @Sendable (DaemonSettings) -> String
    let apply: @Sendable (inout DaemonSettings, Value) -> Void

    /// The variable that wins over the file.
    package var variable: String { "ASSETLINKD_" + key.map { $0 == "." ? "_" : $0.uppercased() }.joined() }
    package var section: Substring { key.prefix { $0 != "." } }
    package var name: Substring { key.drop { $0 != "." }.dropFirst() }
    /// The value that it has when nothing is said.
    package var initial: String { show(DaemonSettings()) }

    /// What is taken, for people.
    package var range: String {
        switch kind {
        case .text: "text"
        case .path: "path of a file"
        case .yesOrNo: "true or false"
        case .seconds(let range): "seconds, \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        case .count(let range): "whole number, \(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): words.joined(separator: ", ")
        case .address: "127.0.0.1:PORT, [::1]:PORT or unix:PATH; empty: nowhere"
        }
    }

    /// Reads a value; `nil` when it is not taken.
    func read(_ text: String) -> Value? {
        switch kind {
        case .text, .path: return .text(text)
        case .yesOrNo: return ["true": true, "false": false][text].map { .yesOrNo($0) }
        case .seconds(let range):
            guard let number = Double(text), range.contains(number) else { return nil }
            return .number(number)
        case .count(let range):
            guard let number = Int(text), range.contains(number) else { return nil }
            return .count(number)
        case .choice(let words): return words.contains(text) ? .text(text) : nil
        case .address:
            if text.isEmpty { return .address(nil) }
            return (try? Endpoint(text)).map { .address($0) }
        }
    }

    /// Seconds without a needless fraction.
    static func text(_ number: Double) -> String {
        Int(exactly: number).map { "\($0)" } ?? "\(number)"
    }
}

extension Setting {
    static func seconds(
        _ key: String, _ range: ClosedRange<Double>, flag: String? = nil,
        _ path: any WritableKeyPath<DaemonSettings, Duration> & Sendable, _ help: String
    ) -> Setting {
        Setting(
            key: key, kind: .seconds(range), isSecret: false, needsRestart: false, flag: flag, help: help,
            show: { text($0[keyPath: path] / .seconds(1)) },
            apply: { settings, value in
                if case .number(let number) = value { settings[keyPath: path] = .seconds(number) }
            })
    }

    static func count(
        _ key: String, _ kind: Kind, flag: String? = nil, _ path: any WritableKeyPath<DaemonSettings, Int> & Sendable,
        _ help: String
    ) -> Setting {
        Setting(
            key: key, kind: kind, isSecret: false, needsRestart: false, flag: flag, help: help,
            show: { "\($0[keyPath: path])" },
            apply: { settings, value in if case .count(let number) = value { settings[keyPath: path] = number } })
    }

    static func text(
        _ key: String, _ kind: Kind = .text, isSecret: Bool = false, flag: String? = nil,
        _ path: any WritableKeyPath<DaemonSettings, String> & Sendable, _ help: String
    ) -> Setting {
        Setting(
            key: key, kind: kind, isSecret: isSecret, needsRestart: false, flag: flag, help: help,
            show: { $0[keyPath: path] },
            apply: { settings, value in if case .text(let text) = value { settings[keyPath: path] = text } })
    }
}
