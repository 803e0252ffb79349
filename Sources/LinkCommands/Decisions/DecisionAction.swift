import Postgres

/// What is decided about a CI, or about a CI and an asset: each by the function of the same name.
enum DecisionAction: String, CaseIterable {
    case pin, unpin, block, unblock, requeue

    /// Whether it is about a pair.
    var needsAsset: Bool { self == .pin || self == .block || self == .unblock }
    /// Whether it may end by itself.
    var mayExpire: Bool { self == .pin || self == .block }

    /// The call that records it.
    ///
    /// - Parameters:
    ///   - asset: for those that are about a pair.
    ///   - until: for those that may end by themselves.
    func call(
        _ ci: RecordReference, _ asset: RecordReference? = nil, reason: String, person: Parameter,
        until: Parameter = .null
    ) -> Statement {
        var arguments: [(name: String, value: Parameter)] = [("ci_source", .text(ci.source)), ("ci_id", .text(ci.id))]
        if let asset { arguments += [("asset_source", .text(asset.source)), ("asset_id", .text(asset.id))] }
        arguments += [("reason", .text(reason)), ("on_behalf_of", person)]
        if mayExpire { arguments.append(("expires_at", until)) }
        let list = arguments.enumerated().map { number, argument in
            "\(argument.name) => $\(number + 1)" + (argument.name == "expires_at" ? "::text::timestamptz" : "")
        }
        return Statement(
            "SELECT assetlink.\(rawValue)(\(list.joined(separator: ", ")))", arguments.map(\.value))
    }
}
