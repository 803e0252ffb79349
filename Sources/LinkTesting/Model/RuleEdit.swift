package import LinkCore

/// An edit of rows of the rule tables, by name so that a script can say it; each touches rows of its own.
package enum RuleEdit: String, Hashable, Sendable, CaseIterable {
    case giveServersARule = "give-servers-a-rule"
    case letServersInherit = "let-servers-inherit"
    case giveCIsARule = "give-cis-a-rule"
    case excludeCIs = "exclude-cis"
    case matchMachinesByUUID = "match-virtual-machines-by-uuid"
    case excludeMachines = "exclude-virtual-machines"
    case addToasters = "add-toasters"
    case dropToasters = "drop-toasters"
    case makeShelvesModules = "make-shelves-modules"
    case makeShelvesAppliances = "make-shelves-appliances"
    case shortenCards = "shorten-cards"
    case restoreCards = "restore-cards"
    case relaxStrictServers = "relax-strict-servers"
    case restoreStrictServers = "restore-strict-servers"
    case listSerial2 = "list-serial-2"
    case unlistSerial2 = "unlist-serial-2"
    case listSerialsOf1 = "list-serials-of-1"
    case unlistSerialsOf1 = "unlist-serials-of-1"
    case unlistDefaultString = "unlist-default-string"
    case listDefaultString = "list-default-string"
    case mapBorrowed = "map-borrowed"
    case unmapBorrowed = "unmap-borrowed"
    case mapOnLoan = "map-on-loan"
    case unmapOnLoan = "unmap-on-loan"
    case endInStock = "end-in-stock"
    case keepInStock = "keep-in-stock"
    case renameHP = "rename-hp"
    case restoreHP = "restore-hp"
    case watchSerialsClosely = "watch-serials-closely"
    case watchSerials = "watch-serials"
    case trustAllSerials = "trust-all-serials"
    case watchMACsClosely = "watch-macs-closely"
    case watchMACs = "watch-macs"
    case watchComputersClosely = "watch-computers-closely"
    case trustComputers = "trust-computers"
    case watchComputersLikeOthers = "watch-computers-like-others"

    /// A row of a rule table as it is after an edit, or its key where it is gone.
    package enum Row: Hashable, Sendable {
        case ciClass(CIClass)
        case noClass(String)
        case placeholder(Placeholder)
        case noPlaceholder(Int)
        case state(LifecycleMapping)
        /// The meaning is of no account.
        case noState(LifecycleMapping)
        /// The name behind an alias, or none.
        case alias(String, String?)
        case limit(IdentifierKind, Int)
    }

    /// What it writes.
    package var row: Row {
        switch self {
        case .giveServersARule: .ciClass(CIClass(name: "server", parent: "computer", rule: .own(Self.serverRule)))
        case .letServersInherit: .ciClass(CIClass(name: "server", parent: "computer"))
        case .giveCIsARule: .ciClass(CIClass(name: "ci", parent: nil, rule: .own(Self.ciRule), agedAfterDays: 60))
        case .excludeCIs: .ciClass(CIClass(name: "ci", parent: nil, rule: .none, agedAfterDays: 60))
        case .matchMachinesByUUID:
            .ciClass(CIClass(name: "virtual_machine", parent: "ci", rule: .own(Self.machineRule)))
        case .excludeMachines: .ciClass(CIClass(name: "virtual_machine", parent: "ci", rule: .none))
        case .addToasters: .ciClass(CIClass(name: "toaster", parent: "appliance"))
        case .dropToasters: .noClass("toaster")
        case .makeShelvesModules: .ciClass(CIClass(name: "shelf", parent: "module"))
        case .makeShelvesAppliances: .ciClass(CIClass(name: "shelf", parent: "appliance"))
        case .shortenCards: .ciClass(CIClass(name: "card", parent: "module", rule: .own(Self.shortCardRule)))
        case .restoreCards: .ciClass(GeneratedRules.named("card"))
        case .relaxStrictServers:
            .ciClass(CIClass(name: "strict_server", parent: "server", rule: .own(Self.relaxedRule)))
        case .restoreStrictServers: .ciClass(GeneratedRules.named("strict_server"))
        case .listSerial2: .placeholder(Placeholder(id: 102, kind: .serial, value: "sn-2"))
        case .unlistSerial2: .noPlaceholder(102)
        case .listSerialsOf1:
            .placeholder(Placeholder(id: 101, kind: .serial, value: "SN-1[0-9]*", isPattern: true))
        case .unlistSerialsOf1: .noPlaceholder(101)
        case .unlistDefaultString: .noPlaceholder(1)
        case .listDefaultString: .placeholder(GeneratedRules.placeholders[0])
        default: laterRow
        }
    }

    private var laterRow: Row {
        switch self {
        case .mapBorrowed: .state(LifecycleMapping(side: .asset, rawState: "borrowed", meaning: "retired"))
        case .unmapBorrowed: .noState(LifecycleMapping(side: .asset, rawState: "borrowed", meaning: ""))
        case .mapOnLoan: .state(LifecycleMapping(side: .ci, rawState: "on loan", meaning: "retired"))
        case .unmapOnLoan: .noState(LifecycleMapping(side: .ci, rawState: "on loan", meaning: ""))
        case .endInStock: .state(LifecycleMapping(side: .asset, rawState: "in_stock", meaning: "disposed"))
        case .keepInStock: .state(LifecycleMapping(side: .asset, rawState: "in_stock", meaning: "in_stock"))
        case .renameHP: .alias("hp", "dell")
        case .restoreHP: .alias("hp", nil)
        case .watchSerialsClosely: .limit(.serial, 1)
        case .watchSerials: .limit(.serial, 3)
        case .trustAllSerials: .limit(.serial, 0)
        case .watchMACsClosely: .limit(.mac, 1)
        case .watchComputersClosely: .ciClass(Self.computers([.serial: 1, .uuid: 1]))
        case .trustComputers: .ciClass(Self.computers([.serial: 0, .assetTag: 1]))
        case .watchComputersLikeOthers: .ciClass(Self.computers([:]))
        default: .limit(.mac, 4)
        }
    }

    /// The rule set after the edit.
    package func apply(to rules: inout RuleSet) {
        switch row {
        case .ciClass(let item):
            rules.classes.removeAll { $0.name == item.name }
            rules.classes.append(item)
        case .noClass(let name): rules.classes.removeAll { $0.name == name }
        case .placeholder(let item):
            rules.placeholders.removeAll { $0.id == item.id }
            rules.placeholders.append(item)
        case .noPlaceholder(let id): rules.placeholders.removeAll { $0.id == id }
        case .state(let item):
            rules.lifecycle.removeAll { $0.isAbout(item) }
            rules.lifecycle.append(item)
        case .noState(let item): rules.lifecycle.removeAll { $0.isAbout(item) }
        case .alias(let alias, let name): rules.manufacturerAliases[alias] = name
        case .limit(let kind, let most): rules.suspectLimits[kind] = most
        }
    }

    private static func computers(_ limits: [IdentifierKind: Int]) -> CIClass {
        CIClass(name: "computer", parent: "hardware", suspectLimits: limits)
    }

    private static let serverRule = IdentificationRule(
        name: "server",
        entries: [
            IdentifierEntry(priority: 5, .regular([AttributePair(.uuid)], allowNull: false)),
            IdentifierEntry(priority: 10, .regular([AttributePair(.serialNumber)], allowNull: false)),
        ])

    private static let ciRule = IdentificationRule(
        name: "ci", entries: [IdentifierEntry(priority: 40, .regular([AttributePair(.assetTag)], allowNull: false))])

    private static let machineRule = IdentificationRule(
        name: "virtual_machine",
        entries: [IdentifierEntry(priority: 30, .regular([AttributePair(.uuid)], allowNull: false))])

    private static let shortCardRule = IdentificationRule(
        name: "card",
        entries: [
            IdentifierEntry(priority: 10, .regular([AttributePair(.serialNumber)], allowNull: false)),
            IdentifierEntry(priority: 50, .regular([AttributePair(.position)], allowNull: false), isDependent: true),
        ])

    private static let relaxedRule = IdentificationRule(
        name: "strict_server",
        entries: [
            IdentifierEntry(priority: 12, .lookup(Lookup(.serials))),
            IdentifierEntry(priority: 30, .regular([AttributePair(.member("rack"))], allowNull: false)),
        ])
}

extension LifecycleMapping {
    /// Whether both rows map the same raw state.
    fileprivate func isAbout(_ other: LifecycleMapping) -> Bool {
        side == other.side && source == other.source && rawState.lowercased() == other.rawState.lowercased()
    }
}

extension GeneratedRules {
    /// One of the generated classes.
    static func named(_ name: String) -> CIClass {
        classes.first { $0.name == name } ?? CIClass(name: name, parent: "ci")
    }
}
