import LinkCore
import Postgres

extension BatchEngine {
    func readSkeleton(_ payload: inout DiscoveryPayload) async throws {
        let rows = try await flush([
            DiscoveryStatements.items(payload.id), DiscoveryStatements.relations(payload.id),
        ])
        payload.items = try rows[0].map { row throws(PostgresError) in
            var columns = Columns(row)
            return DiscoverySkeleton(
                state: try columns.text(), ciID: try columns.textOrNil(), isOlder: try columns.bool(),
                hasConflict: try columns.bool(), size: Int(try columns.int4()))
        }
        try payload.readRelations(rows[1])
    }

    /// Reads the items of a page, decides them level by level, and then what is between them.
    func planDiscovery(_ page: inout DiscoveryPage) async throws {
        let rows = try await flush([
            DiscoveryStatements.bodies(page.payload.id, page.numbers),
            ChangeLog.live(since: cursor.snapshot, limit: limits.live + 1),
        ])
        page.parse(try DiscoveryStatements.readBodies(rows[0]))
        guard let changed = try keysChanged(rows[1], page.source) else {
            page.isPostponed = true
            return
        }
        try await decideDiscovery(&page, changed: changed)
        try await planRelations(&page)
    }

    /// Records of a source that are not stored as they are; `nil`: too many, or more than keys has changed, and a batch
    /// must come first.
    func keysChanged(_ rows: Rows, _ source: SourceInfo) throws(PostgresError) -> Set<String>? {
        var keys: Set<String> = []
        guard rows.count <= limits.live else { return nil }
        for row in rows {
            guard let change = try LogRow(row) else { continue }
            if change.hidesRecords(of: source.id) { return nil }
            if change.topic == .record, change.source == source.id, let key = change.key { keys.insert(key) }
        }
        return keys
    }

    /// Decides what was not decided by looking at the items alone.
    func decideDiscovery(_ page: inout DiscoveryPage, changed: Set<String>) async throws {
        guard let rules else { return }
        var suspects = try await suspectValues(of: page.items.values.map(\.record), page.source)
        let first = suspects
        var planner = DiscoveryPlanner(
            source: page.source.name, reader: ValueReader(rules: rules) { first.contains($0) },
            submittedAt: page.payload.submittedAt)
        for (number, item) in page.payload.items.enumerated() {
            if let id = item.ciID, item.state != "pending" { planner.take(id, by: number) }
        }
        try await learn(Array(changed), &planner, &suspects, page)
        let levels = page.payload.graph.levels()
        let waiting = page.items.keys.filter { page.outcomes[$0] == nil }
        let byLevel = Dictionary(grouping: waiting) { levels[$0] ?? 0 }
        for level in byLevel.keys.sorted() {
            let numbers = (byLevel[level] ?? []).sorted()
            try await learnCandidates(numbers, &planner, &suspects, changed, page)
            for number in numbers {
                guard let item = page.items[number] else { continue }
                page.outcomes[number] = planner.decide(number, item, parent: page.parent(of: number))
            }
        }
    }

    /// Makes the CIs known that the items of a level may be.
    private func learnCandidates(
        _ numbers: [Int], _ planner: inout DiscoveryPlanner, _ suspects: inout Set<KindValue>, _ changed: Set<String>,
        _ page: DiscoveryPage
    ) async throws {
        guard let rules else { return }
        var keys: Set<StoredKey> = []
        var parents: Set<String> = []
        var ids: Set<String> = []
        for number in numbers {
            guard let item = page.items[number] else { continue }
            let (independent, isDependent) = planner.keys(of: item)
            for key in independent {
                keys.insert(storedKey(key, rules))
            }
            if isDependent, case .known(let id) = page.parent(of: number), Int64(id) != nil { parents.insert(id) }
            if let id = item.knownID { ids.insert(id) }
        }
        let found = try await flush([
            DiscoveryStatements.holders(Array(keys), source: page.source.id),
            DiscoveryStatements.children(Array(parents), source: page.source.id),
        ])
        for row in Array(found[0]) + Array(found[1]) { ids.insert(try row.text(0)) }
        // What has changed since it was stored was read before.
        try await learn(ids.subtracting(changed).filter { !planner.knows($0) }, &planner, &suspects, page)
    }

    /// Reads CIs as their source shows them now.
    private func learn(
        _ ids: [String], _ planner: inout DiscoveryPlanner, _ suspects: inout Set<KindValue>, _ page: DiscoveryPage
    ) async throws {
        // A sender may know ids of another system.
        let numbers = ids.compactMap { id in Int64(id).flatMap { "\($0)" == id ? $0 : nil } }
        guard let rules, !numbers.isEmpty else { return }
        let wantsRelated = page.items.values.contains { !$0.related.isEmpty }
        let rows = try await flush(
            [reader.read(page.source, keys: numbers.map { "\($0)" })]
                + (wantsRelated ? [DiscoveryStatements.related(numbers)] : []))
        var related: [String: [KnownRelated]] = [:]
        if wantsRelated {
            for row in rows[1] {
                var columns = Columns(row)
                let ci = try columns.text()
                let known = KnownRelated(
                    id: try columns.int8(), className: try columns.text(),
                    values: (try? JSONValue.parse(try columns.text(), depth: 100)) ?? .null)
                related[ci, default: []].append(known)
            }
        }
        var known: [KnownCI] = []
        for row in rows[0] {
            var columns = Columns(row)
            let key = try columns.text()
            let ci = try reader.ci(&columns, key: key)
            guard ci.digest != SourceReader.tooLarge else { continue }
            known.append(KnownCI(ci, related: related[key] ?? []))
        }
        let new = try await suspectValues(of: known.map(\.record), page.source)
        if !new.isSubset(of: suspects) {
            suspects.formUnion(new)
            let all = suspects
            planner.read(by: ValueReader(rules: rules) { all.contains($0) })
        }
        for ci in known { planner.add(ci) }
    }

    private func suspectValues(of records: [CIRecord], _ source: SourceInfo) async throws -> Set<KindValue> {
        guard let rules else { return [] }
        let reader = ValueReader(rules: rules) { _ in false }
        let values = Array(
            records.reduce(into: Set<KindValue>()) {
                $0.formUnion(CIReading($1, source: source.name, reader: reader).reads)
            })
        guard !values.isEmpty else { return [] }
        return Set(
            try await flush(Self.suspects(among: values)).compactMap { KindValue(stored: try $0.text(0)) })
    }
}

extension LogRow {
    /// Whether something has changed that one record's key does not tell.
    fileprivate func hidesRecords(of id: Int32) -> Bool {
        switch topic {
        case .rules: true
        case .source: source == id
        case .record, .act, .expiry, .ci, .link, .tombstone, .discovery: false
        }
    }
}

extension DiscoveryPayload {
    mutating func readRelations(_ rows: Rows) throws(PostgresError) {
        var relations: [DiscoveryRelation] = []
        for row in rows {
            var columns = Columns(row)
            let kind = DiscoveryRelation.Kind(rawValue: try columns.text()) ?? .relation
            let number = Int(try columns.int4())
            let parent = try columns.int4OrNil().map { Int($0) }
            let child = try columns.int4OrNil().map { Int($0) }
            let json = try columns.textOrNil().flatMap { try? JSONValue.parse($0) }
            relations.append(
                DiscoveryRelation(
                    kind, number: number, parent: parent, child: child, json: json, items: items.count, types: types))
            relationStates.append(try columns.text())
        }
        graph = DiscoveryGraph(relations)
    }
}

extension DiscoveryPage {
    /// What can be said of items without looking at any CI.
    mutating func parse(_ bodies: [Int: String]) {
        for number in numbers {
            if let problem = refused[number] {
                outcomes[number] = DiscoveryOutcome(problem)
                continue
            }
            do {
                let item = try Self.item(bodies[number], now: time)
                items[number] = item
                if let problem = payload.graph.problems[number] { outcomes[number] = DiscoveryOutcome(problem) }
            } catch {
                outcomes[number] = DiscoveryOutcome(error)
            }
        }
    }

    private static func item(_ body: String?, now: Timestamp) throws(DiscoveryProblem) -> DiscoveryItem {
        guard let body else {
            throw DiscoveryProblem(.invalidInputData, "The item has more than 1,000,000 bytes.")
        }
        let json: JSONValue
        do throws(JSONProblem) {
            json = try JSONValue.parse(body)
        } catch {
            switch error {
            case .tooDeep(let limit):
                throw DiscoveryProblem(.invalidInputData, "The item is nested deeper than \(limit).")
            case .malformed(let at):
                throw DiscoveryProblem(.invalidInputData, "The item is no JSON at byte \(at).")
            }
        }
        return try DiscoveryItem(json, now: now)
    }
}

extension KnownCI {
    init(_ row: CIRow, related: [KnownRelated]) {
        var adapters: [NetworkAdapter] = []
        if let text = row.adapters, case .array(let list)? = try? JSONValue.parse(text, depth: 100) {
            for item in list {
                adapters.append(
                    NetworkAdapter(name: item["name"]?.plainText ?? "", mac: item["mac"]?.plainText ?? ""))
            }
        }
        var members: [JSONMember] = []
        // What is nested too deep to be compared is never rewritten: members are laid over it by the server.
        if let text = row.attributes, case .object(let list)? = try? JSONValue.parse(text, depth: 100) {
            members = list
        }
        self.init(id: row.key, record: row.record, adapters: adapters, members: members, related: related)
    }
}
