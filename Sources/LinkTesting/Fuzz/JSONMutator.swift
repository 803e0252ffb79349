/// Changes JSON so that it mostly stays JSON: members go, come twice or under another name, values of another type
/// stand in their place; now and then the bytes are changed as well.
package struct JSONMutator: FuzzMutator {
    private let names: [String]
    private let values: [String]
    private let bytes: ByteMutator

    /// Knows names of members that mean something, and strings that do.
    package init(names: [String], values: [String] = []) {
        self.names = names
        self.values = values
        bytes = ByteMutator(tokens: ["{", "}", "[", "]", ":", ",", "null", "\\u0000", "\\ud800", "\""])
    }

    package func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        guard random.percent(85), var tree = JSONTree(input) else { return bytes.mutate(input, with: other, &random) }
        for _ in 0...(random.percent(60) ? 0 : random.below(6)) {
            // Somewhere in the tree, each value as likely as any other.
            var index = random.below(Self.count(tree))
            change(&tree, &index, JSONTree(other), &random)
        }
        let text = Array(tree.text.utf8)
        return random.percent(10) ? bytes.mutate(text, with: other, &random) : text
    }

    private static func count(_ tree: JSONTree) -> Int {
        switch tree {
        case .word, .string: 1
        case .array(let items): items.reduce(1) { $0 + count($1) }
        case .object(let members): members.reduce(1) { $0 + count($1.value) }
        }
    }

    /// Goes down to the value of that number, counted from the root, and changes it.
    private func change(_ tree: inout JSONTree, _ index: inout Int, _ other: JSONTree?, _ random: inout SplitMix64) {
        if index == 0 {
            index = -1
            tree = changed(tree, other, &random)
            return
        }
        index -= 1
        switch tree {
        case .word, .string: break
        case .array(var items):
            for position in items.indices where index >= 0 { change(&items[position], &index, other, &random) }
            tree = .array(items)
        case .object(var members):
            for position in members.indices where index >= 0 {
                change(&members[position].value, &index, other, &random)
            }
            tree = .object(members)
        }
    }

    private func changed(_ tree: JSONTree, _ other: JSONTree?, _ random: inout SplitMix64) -> JSONTree {
        switch (random.below(8), tree) {
        case (0...3, .object(let members)): return .object(changed(members, other, &random))
        case (0...3, .array(var items)):
            if random.percent(50), !items.isEmpty {
                items.remove(at: random.below(items.count))
            } else {
                items.insert(items.isEmpty ? anything(&random) : random.pick(items), at: random.below(items.count + 1))
            }
            return .array(items)
        case (0...3, .string(let text)):
            let changed = bytes.mutate(Array(text.utf8), with: [], &random)
            return .string(String(decoding: changed, as: UTF8.self))
        case (4, _): return other ?? anything(&random)
        case (5, _): return random.percent(50) ? .array([tree]) : .object([.init(name(&random), tree)])
        default: return anything(&random)
        }
    }

    private func changed(
        _ members: [JSONTree.Member], _ other: JSONTree?, _ random: inout SplitMix64
    ) -> [JSONTree.Member] {
        var members = members
        switch random.below(4) {
        case 0 where !members.isEmpty: members.remove(at: random.below(members.count))
        case 1 where !members.isEmpty: members[random.below(members.count)].name = name(&random)
        case 2 where !members.isEmpty: members.append(random.pick(members))
        default:
            let value = random.percent(30) ? other : nil
            members.append(.init(name(&random), value ?? anything(&random)))
        }
        return members
    }

    private func name(_ random: inout SplitMix64) -> String {
        random.percent(85) && !names.isEmpty ? random.pick(names) : ByteMutator.text(&random)
    }

    private func anything(_ random: inout SplitMix64) -> JSONTree {
        switch random.below(9) {
        case 0: return .word(random.pick(["null", "true", "false"]))
        case 1: return .word(random.pick(ByteMutator.numbers))
        case 2: return .array([])
        case 3: return .object([])
        case 4:
            let depth = 1 << random.below(12)
            return .word(String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
        case 5: return .string(String(repeating: ByteMutator.text(&random), count: 1 << random.below(10)))
        case 6 where !values.isEmpty: return .string(random.pick(values))
        default: return .string(ByteMutator.text(&random) + ByteMutator.text(&random))
        }
    }
}
