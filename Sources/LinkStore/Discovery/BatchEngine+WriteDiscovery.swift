import LinkCore
import Postgres

extension BatchEngine {
    /// Writes the CMDB, what became of each item, and the end of the transaction: all of it or nothing.
    func writeDiscovery(_ page: inout DiscoveryPage) async throws {
        try await numberNewCIs(&page)
        let writes = page.outcomes.sorted { $0.key < $1.key }.compactMap(\.value.write)
        var list = DiscoveryWriter.cis(writes)
        list += DiscoveryWriter.details(writes)
        list += DiscoveryWriter.relations(page)
        list += results(page)
        list.append(DiscoveryWriter.finish(page.payload.id))
        let touchesConflicts = page.outcomes.contains { number, outcome in
            outcome.state == .conflict || page.payload.items[number].hasConflict
        }
        if touchesConflicts {
            list.append(
                Statement(
                    "SELECT assetlink_internal.log_change('discovery', $1, $2, 'discovery')",
                    [.int4(page.source.id), .text("\(page.payload.id)")]))
        }
        #if DEBUG
            if Failpoint.inDiscovery.isChosen {
                _ = try await flush(list)
                list = []
                Failpoint.inDiscovery.reach()
            }
        #endif
        list.append(Statement("COMMIT"))
        _ = try await flush(list)
    }

    /// New CIs get their numbers, and so does everything that names them.
    private func numberNewCIs(_ page: inout DiscoveryPage) async throws {
        let new = page.outcomes.filter { $0.value.write?.isNew == true }.keys.sorted()
        var ids: [Int64] = []
        var draw = new.count
        // Rows may have come with numbers of their own, which the sequence knows nothing of.
        while ids.count < new.count {
            ids += try await flush(DiscoveryWriter.draw(draw)).map { try $0.int8(0) }
            draw = min(draw * 2, 100_000)
        }
        for (number, id) in zip(new, ids) {
            page.outcomes[number]?.ciID = "\(id)"
            page.outcomes[number]?.write?.ci.id = "\(id)"
        }
    }

    private func text(of key: MatchKey, _ rules: CompiledRuleSet) -> String {
        KeyText.of(key, in: rules.spaces[key.space])
    }

    private func results(_ page: DiscoveryPage) -> [Statement] {
        guard let rules else { return [] }
        let all = page.outcomes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let matched = all.map { outcome in
            (outcome.1.match?.keys).flatMap { $0.isEmpty ? nil : KeyText.matchedOn($0) }
        }
        var list: [Statement] = []
        if !all.isEmpty {
            list.append(
                Statement(
                    DiscoveryWriter.results,
                    [
                        .int8(page.payload.id), .smallInts(all.map(\.0)), .texts(all.map(\.1.state.rawValue)),
                        .textArray(all.map(\.1.code?.rawValue)), .textArray(all.map(\.1.detail)),
                        .textArray(all.map(\.1.ciID)), .boolArray(all.map(\.1.isOlder)),
                        .textArray(all.map { $0.1.match?.rule ?? $0.1.rule }),
                        .int4Array(all.map { $0.1.match.map { Int32($0.priority) } }), .jsonArray(matched),
                        .texts(all.map { ArrayText.literal($0.1.matches) }),
                        .textArray(all.map { $0.1.identity(page.source.name, rules) }),
                        .texts(all.map { ArrayText.literal($0.1.watch.map { "\(spaceIDs[$0.space])" }) }),
                        .texts(all.map { ArrayText.literal($0.1.watch.map { text(of: $0, rules) }) }),
                        .int8(rules.version), .int4(page.source.id),
                    ]))
        }
        let relations = page.relations.map { (page.payload.graph.relations[$0.index], $0) }
        if !relations.isEmpty {
            list.append(
                Statement(
                    DiscoveryWriter.relationResults,
                    [
                        .int8(page.payload.id), .texts(relations.map(\.0.kind.rawValue)),
                        .smallInts(relations.map(\.0.number)), .texts(relations.map(\.1.state)),
                        .textArray(relations.map(\.1.code?.rawValue)), .textArray(relations.map(\.1.detail)),
                    ]))
        }
        return list
    }
}

extension DiscoveryOutcome {
    /// What names its conflict: the source, the entry and the key.
    fileprivate func identity(_ source: String, _ rules: CompiledRuleSet) -> String? {
        guard state == .conflict, let match, let key = match.keys.first else { return nil }
        return "\(source) \(match.signature) \(KeyText.of(key, in: rules.spaces[key.space]))"
    }
}
