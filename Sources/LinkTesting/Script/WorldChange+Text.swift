import LinkCore

/// A change as a line of a script: a verb, what it is about, and a record as JSON.
extension WorldChange {
    package var text: String {
        switch self {
        case .upsertAsset(let key, let record): "asset \(key) \(RecordText.asset(record))"
        case .deleteAsset(let key): "delete-asset \(key)"
        case .forgetAsset(let key): "forget-asset \(key)"
        case .upsertCI(let key, let record): "ci \(key) \(RecordText.ci(record))"
        case .deleteCI(let key): "delete-ci \(key)"
        case .pin(let pair, let ends): "\(ends ? "pin-until" : "pin") \(pair.ci) \(pair.asset)"
        case .unpin(let pair): "unpin \(pair.ci) \(pair.asset)"
        case .block(let pair, let ends): "\(ends ? "block-until" : "block") \(pair.ci) \(pair.asset)"
        case .unblock(let pair): "unblock \(pair.ci) \(pair.asset)"
        case .expire(let pair): "expire \(pair.ci) \(pair.asset)"
        case .setComposite(let key, let isOn): "\(isOn ? "composite" : "single") \(key)"
        case .trust(let value, let isOn): "\(isOn ? "trust" : "distrust") \(value.kind.rawValue) \(value.canonical)"
        case .requeue(let key): "requeue \(key)"
        case .closeStale(let key): "close-stale \(key)"
        case .retire(let key): "retire-stale \(key)"
        case .edit(let edit): "rules \(edit.rawValue)"
        case .truncate(let source): "truncate \(source)"
        case .detach(let source, let keep): "\(keep ? "detach" : "drop") \(source)"
        case .attach(let source, let sees):
            "attach \(source)" + (sees.map { $0.sorted().map { " \($0)" }.joined() + " only" } ?? "")
        case .resync(let source): "resync \(source)"
        }
    }

    init(text: Substring) throws {
        let (verb, rest) = text.cut()
        switch verb {
        case "asset":
            let (key, json) = rest.cut()
            self = .upsertAsset(try RecordKey(text: key), try RecordText.asset(json))
        case "ci":
            let (key, json) = rest.cut()
            self = .upsertCI(try RecordKey(text: key), try RecordText.ci(json))
        case "delete-asset": self = .deleteAsset(try RecordKey(text: rest))
        case "forget-asset": self = .forgetAsset(try RecordKey(text: rest))
        case "delete-ci": self = .deleteCI(try RecordKey(text: rest))
        case "pin": self = .pin(try WorldPair(text: rest))
        case "pin-until": self = .pin(try WorldPair(text: rest), ends: true)
        case "unpin": self = .unpin(try WorldPair(text: rest))
        case "block": self = .block(try WorldPair(text: rest))
        case "block-until": self = .block(try WorldPair(text: rest), ends: true)
        case "unblock": self = .unblock(try WorldPair(text: rest))
        case "expire": self = .expire(try WorldPair(text: rest))
        case "composite": self = .setComposite(try RecordKey(text: rest), true)
        case "single": self = .setComposite(try RecordKey(text: rest), false)
        case "trust": self = .trust(try WorldValue(text: rest), true)
        case "distrust": self = .trust(try WorldValue(text: rest), false)
        default: try self.init(otherVerb: verb, rest)
        }
    }

    private init(otherVerb verb: String, _ rest: Substring) throws {
        switch verb {
        case "requeue": self = .requeue(try RecordKey(text: rest))
        case "close-stale": self = .closeStale(try RecordKey(text: rest))
        case "retire-stale": self = .retire(try RecordKey(text: rest))
        case "rules":
            guard let edit = RuleEdit(rawValue: String(rest)) else { throw Unreadable() }
            self = .edit(edit)
        case "truncate": self = .truncate(String(rest))
        case "detach": self = .detach(String(rest), keep: true)
        case "drop": self = .detach(String(rest), keep: false)
        case "attach":
            let words = rest.split(separator: " ").map(String.init)
            guard let source = words.first else { throw Unreadable() }
            self = .attach(source, sees: words.last == "only" ? Set(words.dropFirst().dropLast()) : nil)
        case "resync": self = .resync(String(rest))
        default: throw Unreadable()
        }
    }
}

extension RecordKey {
    fileprivate init(text: some StringProtocol) throws {
        guard let slash = text.firstIndex(of: "/") else { throw Unreadable() }
        self.init(String(text[..<slash]), String(text[text.index(after: slash)...]))
    }
}

extension WorldPair {
    fileprivate init(text: Substring) throws {
        let (ci, asset) = text.cut()
        self.init(ci: try RecordKey(text: ci), asset: try RecordKey(text: asset))
    }
}

extension WorldValue {
    fileprivate init(text: Substring) throws {
        let (kind, value) = text.cut()
        guard let kind = IdentifierKind(rawValue: kind) else { throw Unreadable() }
        self.init(kind, ExactText(String(value)))
    }
}
