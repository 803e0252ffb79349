/// The rules that are shipped (domain.md sections 4 and 5), as Swift values for tests and for comparison with the seed.
package enum DefaultRules {
    /// `hardware`: serial, typed serials, uuid, asset tag, MAC set.
    package static let hardware = IdentificationRule(
        name: "hardware",
        entries: [
            IdentifierEntry(priority: 10, .regular([AttributePair(.serialNumber)], allowNull: false)),
            IdentifierEntry(
                priority: 20, .lookup(Lookup(.serials, types: ["system", "bios", "standard", "chassis"]))),
            IdentifierEntry(priority: 30, .regular([AttributePair(.uuid)], allowNull: false)),
            IdentifierEntry(priority: 40, .regular([AttributePair(.assetTag)], allowNull: false)),
            IdentifierEntry(priority: 50, .lookup(Lookup(.macAddresses, exactCount: true))),
        ])

    /// `blade_server`: as hardware, but the chassis serial identifies nothing: every blade may report it.
    package static let bladeServer = IdentificationRule(
        name: "blade_server",
        entries: hardware.entries.map { entry in
            guard entry.priority == 20 else { return entry }
            return IdentifierEntry(priority: 20, .lookup(Lookup(.serials, types: ["system", "bios", "standard"])))
        })

    /// `stack_member` and `module`: serial, then position within the parent's asset.
    package static func part(_ name: String) -> IdentificationRule {
        IdentificationRule(
            name: name,
            entries: [
                IdentifierEntry(priority: 10, .regular([AttributePair(.serialNumber)], allowNull: false)),
                IdentifierEntry(
                    priority: 20, .regular([AttributePair(.position)], allowNull: false), isDependent: true),
            ])
    }

    /// `cloud_instance`: the cloud's own resource id.
    package static let cloudInstance = IdentificationRule(
        name: "cloud_instance",
        entries: [IdentifierEntry(priority: 10, .regular([AttributePair(.cloudResourceID)], allowNull: false))])

    /// The shipped class tree.
    package static let classes: [CIClass] = {
        var all = [CIClass(name: "ci", parent: nil, rule: .none, agedAfterDays: 60)]
        all.append(CIClass(name: "hardware", parent: "ci", rule: .own(hardware)))
        all.append(CIClass(name: "computer", parent: "hardware"))
        all.append(CIClass(name: "server", parent: "computer"))
        for name in ["linux_server", "windows_server", "esx_server", "unix_server"] {
            all.append(CIClass(name: name, parent: "server"))
        }
        all.append(CIClass(name: "blade_server", parent: "server", rule: .own(bladeServer)))
        all.append(CIClass(name: "workstation", parent: "computer"))
        all.append(CIClass(name: "laptop", parent: "computer"))
        all.append(CIClass(name: "network_gear", parent: "hardware"))
        for name in ["switch", "router", "firewall", "access_point", "load_balancer"] {
            all.append(CIClass(name: name, parent: "network_gear"))
        }
        for name in ["stack_member", "module"] {
            all.append(CIClass(name: name, parent: "hardware", rule: .own(part(name))))
        }
        for name in ["chassis", "storage", "printer", "ups", "monitor", "phone"] {
            all.append(CIClass(name: name, parent: "hardware"))
        }
        for name in ["virtual_machine", "container", "application", "service"] {
            all.append(CIClass(name: name, parent: "ci", rule: .none))
        }
        all.append(CIClass(name: "cloud_instance", parent: "ci", rule: .own(cloudInstance)))
        return all
    }()
}
