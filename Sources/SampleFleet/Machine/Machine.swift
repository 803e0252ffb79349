/// One discovered machine: a line of a machines file, raw as discovery found it.
package struct Machine: Hashable, Sendable {
    /// What it hangs on: a blade on its chassis, a virtual machine on its host, a module in its switch.
    package struct Parent: Hashable, Sendable {
        /// How: `in-chassis`, `hosted-on`, `member-of` or `module-of`.
        package var relation: String?
        package var id: String?
        package var serialNumber: String?
        package var hostname: String?
        package var uuid: String?
        /// The bay, slot or stack position.
        package var bay: String?

        package init(
            relation: String? = nil, id: String? = nil, serialNumber: String? = nil, hostname: String? = nil,
            uuid: String? = nil, bay: String? = nil
        ) {
            self.relation = relation
            self.id = id
            self.serialNumber = serialNumber
            self.hostname = hostname
            self.uuid = uuid
            self.bay = bay
        }
    }

    /// Unique in its file.
    package var id: String
    /// `server`, `vm`, `blade`, `desktop`, `laptop`, `network`, `stack-member`, `module` …: see `ClassNames`.
    package var machineClass: String?
    package var hostname: String?
    package var manufacturer: String?
    package var model: String?
    package var serialNumber: String?
    package var boardSerial: String?
    package var chassisSerial: String?
    package var assetTag: String?
    package var uuid: String?
    package var macs: [String]
    package var os: String?
    package var hypervisorHint: String?
    package var parent: Parent?

    package init(id: String, machineClass: String? = nil) {
        self.id = id
        self.machineClass = machineClass
        macs = []
    }
}

/// How the words of machine files map to the shipped CI classes.
package enum ClassNames {
    /// The CI class of a machine; a word that nobody knows stays as it is and shows in `assetlink.unmapped`.
    package static func ciClass(_ word: String?, os: String?) -> String? {
        guard let word = word?.lowercased(), !word.isEmpty else { return nil }
        if word == "server" || word == "edge" { return serverClass(os: os) }
        return names[word] ?? word.replacing("-", with: "_")
    }

    /// Whether a machine of that class is a thing that somebody bought.
    package static func isHardware(ciClass: String?) -> Bool {
        guard let ciClass else { return false }
        return !["virtual_machine", "container", "cloud_instance", "application", "service"].contains(ciClass)
    }

    private static func serverClass(os: String?) -> String {
        guard let os = os?.lowercased() else { return "server" }
        if os.contains("windows") { return "windows_server" }
        if os.contains("esx") { return "esx_server" }
        if ["aix", "solaris", "hp-ux", "bsd"].contains(where: os.contains) { return "unix_server" }
        return "linux_server"
    }

    private static let names: [String: String] = [
        "desktop": "workstation", "workstation": "workstation", "laptop": "laptop", "blade": "blade_server",
        "vm": "virtual_machine", "chassis": "chassis", "physchassis": "chassis", "3": "chassis", "stack": "chassis",
        "network": "network_gear", "networking": "network_gear", "switch": "switch", "router": "router",
        "firewall": "firewall", "wireless": "access_point", "wap": "access_point", "loadbalancer": "load_balancer",
        "power": "ups", "ups": "ups", "pdu": "ups", "printer": "printer", "storage": "storage",
        "stack-member": "stack_member", "module": "module", "powersupply": "module", "fan": "module",
        "port": "module", "container": "module", "iomodule": "module", "mdamodule": "module", "cpmmodule": "module",
        "backplane": "module", "cpu": "module", "sensor": "module", "9": "module", "monitor": "monitor",
        "phone": "phone", "instance": "cloud_instance",
    ]
}
