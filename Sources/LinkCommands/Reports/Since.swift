import Postgres

/// A time as people give it: `90 minutes` or `7d` goes back from now; whatever else PostgreSQL reads as a time is one.
struct Since {
    let text: String

    /// Whether it is a length of time.
    var isInterval: Bool {
        guard let first = text.first, first.isNumber else { return false }
        return text.contains(where: \.isLetter) && !text.contains(where: { $0 == "-" || $0 == ":" })
    }

    /// The time as SQL; `placeholder` stands for the text.
    func sql(_ placeholder: String) -> String {
        isInterval ? "(now() - \(placeholder)::text::interval)" : "\(placeholder)::text::timestamptz"
    }
}
