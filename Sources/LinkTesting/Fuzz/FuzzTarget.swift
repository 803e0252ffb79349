/// One decoder of bytes from outside, and what must hold of it whatever the bytes.
package struct FuzzTarget: Sendable {
    /// Takes one input and says what became of it, in a few words that are the same for inputs of the same fate.
    ///
    /// Throws where something that must hold does not: a ``FuzzFinding``, or any other error.
    package typealias Check = @Sendable ([UInt8]) async throws -> String

    /// Its name; also the folder of its corpus.
    package let name: String
    /// How inputs are made of others.
    package let mutator: any FuzzMutator
    /// Whether ``open`` wants a migrated database.
    package let needsDatabase: Bool
    /// The longest time that one input may take, in seconds.
    package let limit: UInt32
    /// Prepares to check; the argument is the connection string of a database, where one is wanted.
    package let open: @Sendable (_ database: String) async throws -> Check

    package init(
        _ name: String, mutator: any FuzzMutator = ByteMutator(), needsDatabase: Bool = false, limit: UInt32 = 30,
        open: @escaping @Sendable (_ database: String) async throws -> Check
    ) {
        self.name = name
        self.mutator = mutator
        self.needsDatabase = needsDatabase
        self.limit = limit
        self.open = open
    }

    /// A decoder that needs no preparation.
    package init(
        _ name: String, mutator: any FuzzMutator = ByteMutator(), limit: UInt32 = 30, check: @escaping Check
    ) {
        self.init(name, mutator: mutator, limit: limit) { _ in check }
    }
}

/// Something that must hold does not.
package struct FuzzFinding: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// Throws unless the condition holds.
    package static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws(FuzzFinding) {
        if !condition { throw FuzzFinding(description()) }
    }
}

/// Makes inputs out of others.
package protocol FuzzMutator: Sendable {
    /// A changed input; `other` is another of the pool, to take pieces from.
    func mutate(_ input: [UInt8], with other: [UInt8], _ random: inout SplitMix64) -> [UInt8]
}
