extension String {
    /// How many columns of a terminal it takes.
    var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }

    /// The text without anything that could steer a terminal or hide itself: such characters are spelled out.
    ///
    /// Values come from machines that anybody may have named.
    var harmless: String {
        guard unicodeScalars.contains(where: \.isUnprintable) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar.isUnprintable {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text in at most that many columns, cut with an ellipsis when it is longer.
    func cut(to width: Int) -> String {
        guard displayWidth > width else { return self }
        var text = ""
        var used = 0
        for character in self {
            if used + character.displayWidth > width - 1 { break }
            text.append(character)
            used += character.displayWidth
        }
        return width > 0 ? text + "…" : ""
    }

    /// The text cut or filled up to exactly that many columns.
    func padded(to width: Int, right: Bool = false) -> String {
        let text = cut(to: width)
        let blanks = String(repeating: " ", count: max(0, width - text.displayWidth))
        return right ? blanks + text : text + blanks
    }
}

extension Character {
    /// 2 for wide East Asian characters and emoji, otherwise 1.
    fileprivate var displayWidth: Int {
        guard let first = unicodeScalars.first?.value, first >= 0x1100 else { return 1 }
        switch first {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

extension Unicode.Scalar {
    fileprivate var isUnprintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }
}
