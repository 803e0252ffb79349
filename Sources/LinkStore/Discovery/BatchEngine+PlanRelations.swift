import LinkCore
import Postgres

extension BatchEngine {
    /// Decides the relations and references that can be decided now: both ends are identified, or one never will be.
    func planRelations(_ page: inout DiscoveryPage) async throws {
        var ready: [Int] = []
        for (index, relation) in page.payload.graph.relations.enumerated() {
            let state = page.payload.relationStates[index]
            guard state == "pending" || state == "parked" else { continue }
            switch page.fate(of: relation, isParked: state == "parked") {
            case .later: break
            case .now(let outcome):
                page.relations.append(
                    DiscoveryRelationOutcome(
                        index: index, state: outcome.state, code: outcome.code, detail: outcome.detail))
            case .write: ready.append(index)
            }
        }
        try await compare(ready.filter { page.payload.graph.relations[$0].kind == .relation }, &page)
        try await compareReferences(ready.filter { page.payload.graph.relations[$0].kind == .reference }, &page)
    }

    /// A chain that differs is replaced by the payload's; one that the payload does not name stays.
    ///
    /// What is contained in one other CI has moved: it has one parent of identification, and the payload says which.
    private func compare(_ indices: [Int], _ page: inout DiscoveryPage) async throws {
        let stored = indices.filter {
            page.number(of: page.payload.graph.relations[$0].parent) != nil
                && page.number(of: page.payload.graph.relations[$0].child) != nil
        }
        var chains: [Int: String?] = [:]
        if !stored.isEmpty {
            let relations = stored.map { page.payload.graph.relations[$0] }
            let rows = try await flush(
                DiscoveryStatements.relationships(
                    relations.compactMap { page.number(of: $0.parent) },
                    relations.compactMap { page.number(of: $0.child) }, relations.map(\.type)))
            for row in rows { chains[stored[Int(try row.int8(0)) - 1]] = .some(try row.textOrNil(1)) }
        }
        let contained = indices.filter {
            page.payload.graph.relations[$0].type == "contains" && chains[$0] == nil
                && page.number(of: page.payload.graph.relations[$0].child) != nil
        }
        var movedFrom: [Int: Int64] = [:]
        if !contained.isEmpty {
            let children = contained.compactMap { page.number(of: page.payload.graph.relations[$0].child) }
            for row in try await flush(DiscoveryStatements.containers(children)) {
                movedFrom[contained[Int(try row.int8(0)) - 1]] = try row.int8(1)
            }
        }
        for index in indices {
            let wanted = page.payload.graph.relations[index].qualifiers
            let state: String
            if let old = movedFrom[index] {
                var outcome = DiscoveryRelationOutcome(index: index, state: "updated")
                outcome.detail = "It was contained in CI \(old)."
                outcome.movedFrom = old
                page.relations.append(outcome)
                continue
            }
            if let chain = chains[index] {
                let isSame = wanted.map { chain?.utf8.elementsEqual($0.utf8) ?? false } ?? true
                state = isSame ? "no_change" : "updated"
            } else {
                state = "inserted"
            }
            page.relations.append(DiscoveryRelationOutcome(index: index, state: state))
        }
    }

    private func compareReferences(_ indices: [Int], _ page: inout DiscoveryPage) async throws {
        let stored = indices.filter { page.number(of: page.payload.graph.relations[$0].child) != nil }
        var values: [Int: String] = [:]
        if !stored.isEmpty {
            let relations = stored.map { page.payload.graph.relations[$0] }
            let rows = try await flush(
                DiscoveryStatements.references(
                    relations.compactMap { page.number(of: $0.child) }, relations.map(\.type)))
            for row in rows { values[stored[Int(try row.int8(0)) - 1]] = try row.textOrNil(1) }
        }
        for index in indices {
            let wanted = page.payload.graph.relations[index].parent.flatMap { page.ciID(of: $0) } ?? ""
            let isSame = values[index].map { $0.utf8.elementsEqual(wanted.utf8) } ?? false
            page.relations.append(DiscoveryRelationOutcome(index: index, state: isSame ? "no_change" : "updated"))
        }
    }
}

extension DiscoveryPage {
    enum RelationFate {
        /// An end is not decided yet, or nothing about it is new.
        case later
        case now(DiscoveryOutcome)
        case write
    }

    /// The number of the CI that an item is, where the CMDB has it already.
    func number(of item: Int?) -> Int64? { item.flatMap { ciID(of: $0) }.flatMap { Int64($0) } }

    func fate(of relation: DiscoveryRelation, isParked: Bool) -> RelationFate {
        if let problem = relation.problem { return .now(DiscoveryOutcome(problem)) }
        guard let parent = relation.parent, let child = relation.child else { return .later }
        let ends = [parent, child]
        if ends.contains(where: isPending) { return .later }
        // What waits for an end is looked at again when that end is.
        if isParked, !ends.contains(where: { outcomes[$0] != nil }) { return .later }
        if let over = ends.first(where: isOver) {
            var outcome = DiscoveryOutcome(
                DiscoveryProblem(.missingDependency, "Item \(over) is rejected: there is nothing to relate."))
            outcome.state = .rejected
            return .now(outcome)
        }
        if let waiting = ends.first(where: { ciID(of: $0) == nil }) {
            return .now(DiscoveryOutcome(DiscoveryProblem(.missingDependency, "Item \(waiting) is not identified.")))
        }
        if ends.contains(where: isOlder) {
            var outcome = DiscoveryOutcome(.noChange)
            outcome.detail = "An end is older than its CI's last discovery."
            return .now(outcome)
        }
        return .write
    }
}

extension DiscoveryRelationOutcome {
    init(index: Int, state: DiscoveryOutcome.State, code: DiscoveryCode?, detail: String?) {
        self.index = index
        self.state = state.rawValue
        self.code = code
        self.detail = detail
    }

    init(index: Int, state: String) {
        self.index = index
        self.state = state
    }
}
