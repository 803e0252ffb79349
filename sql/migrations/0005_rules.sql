-- The rule set: tables that a DBA can read and edit; every edit goes through the change log.
SET LOCAL ROLE assetlink_owner;

CREATE TABLE assetlink.ci_class (
    class text PRIMARY KEY,
    parent text REFERENCES assetlink.ci_class,
    rule jsonb,
    aged_after_days integer CHECK (aged_after_days > 0)
);
COMMENT ON TABLE assetlink.ci_class IS 'The tree of CI classes and their identification rules.';
COMMENT ON COLUMN assetlink.ci_class.class IS 'The class, lower case.';
COMMENT ON COLUMN assetlink.ci_class.parent IS 'Its parent; null for the root.';
COMMENT ON COLUMN assetlink.ci_class.rule IS 'null: inherited whole from the nearest ancestor that has one; "none": excluded; else {"required": […], "entries": [{"priority", "type", "attributes" | "list", "types", "exact_count", "allow_null", "dependent"}]}.';
COMMENT ON COLUMN assetlink.ci_class.aged_after_days IS 'Days without discovery after which a link shows as aged; null: the nearest ancestor''s.';

CREATE TABLE assetlink.placeholder (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('serial', 'asset_tag', 'uuid', 'mac', 'name', 'manufacturer', 'cloud_resource_id', 'attribute')),
    value text NOT NULL,
    is_pattern boolean NOT NULL DEFAULT false,
    manufacturer text,
    note text
);
CREATE UNIQUE INDEX placeholder_value ON assetlink.placeholder (kind, value, is_pattern, coalesce(manufacturer, ''));
COMMENT ON TABLE assetlink.placeholder IS 'Values that mean "not filled in": they give no match key and count for nothing.';
COMMENT ON COLUMN assetlink.placeholder.id IS 'Named in evidence: suppressed by placeholder N.';
COMMENT ON COLUMN assetlink.placeholder.kind IS 'The kind of identifier.';
COMMENT ON COLUMN assetlink.placeholder.value IS 'An exact value, compared after canonicalisation, or a pattern that must match the whole value, whatever its case.';
COMMENT ON COLUMN assetlink.placeholder.is_pattern IS 'Whether value is a pattern.';
COMMENT ON COLUMN assetlink.placeholder.manufacturer IS 'Only for this manufacturer; null = for all.';
COMMENT ON COLUMN assetlink.placeholder.note IS 'Why it is here.';

CREATE TABLE assetlink.lifecycle_state (
    side text NOT NULL CHECK (side IN ('asset', 'ci')),
    source text,
    raw_state text NOT NULL CHECK (raw_state = lower(btrim(raw_state))),
    meaning text NOT NULL,
    CHECK (
        CASE side
            WHEN 'asset' THEN meaning IN ('planned', 'in_stock', 'in_use', 'in_maintenance', 'missing', 'retired', 'disposed')
            ELSE meaning IN ('active', 'retired')
        END)
);
CREATE UNIQUE INDEX lifecycle_state_raw ON assetlink.lifecycle_state (side, coalesce(source, ''), raw_state);
COMMENT ON TABLE assetlink.lifecycle_state IS 'What a raw life-cycle state of a source means.';
COMMENT ON COLUMN assetlink.lifecycle_state.side IS 'asset or ci.';
COMMENT ON COLUMN assetlink.lifecycle_state.source IS 'The source it is for; null = any.';
COMMENT ON COLUMN assetlink.lifecycle_state.raw_state IS 'The raw state, trimmed and lower case; state/substate where there are two.';
COMMENT ON COLUMN assetlink.lifecycle_state.meaning IS 'An asset phase, or active/retired for CIs.';

CREATE TABLE assetlink.manufacturer_alias (
    alias text PRIMARY KEY CHECK (alias = lower(btrim(alias))),
    manufacturer text NOT NULL CHECK (manufacturer = lower(btrim(manufacturer)))
);
COMMENT ON TABLE assetlink.manufacturer_alias IS 'Spellings of manufacturers.';
COMMENT ON COLUMN assetlink.manufacturer_alias.alias IS 'A spelling, lower case.';
COMMENT ON COLUMN assetlink.manufacturer_alias.manufacturer IS 'What it stands for, lower case.';

CREATE TABLE assetlink.suspect_limit (
    kind text PRIMARY KEY CHECK (kind IN ('serial', 'asset_tag', 'uuid', 'mac', 'cloud_resource_id')),
    holders integer NOT NULL CHECK (holders >= 0)
);
COMMENT ON TABLE assetlink.suspect_limit IS 'A value held by more records than this is suspect and gives no key until trusted.';
COMMENT ON COLUMN assetlink.suspect_limit.kind IS 'The kind of identifier.';
COMMENT ON COLUMN assetlink.suspect_limit.holders IS 'K: the largest number of holders that is not suspect; 0 switches off.';
INSERT INTO assetlink.suspect_limit VALUES ('serial', 5), ('uuid', 5);

CREATE TABLE assetlink.setting (
    name text PRIMARY KEY,
    -- The daemon and views read it as a number.
    value text NOT NULL CONSTRAINT setting_is_a_figure CHECK (value ~ '^[0-9]{1,9}([.][0-9]{1,9})?$')
);
COMMENT ON CONSTRAINT setting_is_a_figure ON assetlink.setting IS 'A figure that is not negative.';
COMMENT ON TABLE assetlink.setting IS 'Figures that are neither rules nor secrets.';
COMMENT ON COLUMN assetlink.setting.name IS 'coverage_target_percent, tombstone_days, stale_retention_days.';
COMMENT ON COLUMN assetlink.setting.value IS 'Its value; 0 = for ever, for retentions.';
INSERT INTO assetlink.setting VALUES
    ('coverage_target_percent', '90'),
    ('tombstone_days', '90'),
    ('stale_retention_days', '0');

CREATE TABLE assetlink_internal.rule_set (
    version bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    made_by text NOT NULL DEFAULT session_user
);
INSERT INTO assetlink_internal.rule_set DEFAULT VALUES;

INSERT INTO assetlink.ci_class (class, parent, rule, aged_after_days) VALUES
    ('ci', NULL, '"none"', 60),
    ('hardware', 'ci', '{"entries": [
        {"priority": 10, "type": "regular", "attributes": ["serial_number"]},
        {"priority": 20, "type": "lookup", "list": "serials", "types": ["system", "bios", "standard", "chassis"]},
        {"priority": 30, "type": "regular", "attributes": ["uuid"]},
        {"priority": 40, "type": "regular", "attributes": ["asset_tag"]},
        {"priority": 50, "type": "lookup", "list": "mac_addresses", "exact_count": true}]}', NULL),
    ('computer', 'hardware', NULL, NULL),
    ('server', 'computer', NULL, NULL),
    ('linux_server', 'server', NULL, NULL),
    ('windows_server', 'server', NULL, NULL),
    ('esx_server', 'server', NULL, NULL),
    ('unix_server', 'server', NULL, NULL),
    ('blade_server', 'server', '{"entries": [
        {"priority": 10, "type": "regular", "attributes": ["serial_number"]},
        {"priority": 20, "type": "lookup", "list": "serials", "types": ["system", "bios", "standard"]},
        {"priority": 30, "type": "regular", "attributes": ["uuid"]},
        {"priority": 40, "type": "regular", "attributes": ["asset_tag"]},
        {"priority": 50, "type": "lookup", "list": "mac_addresses", "exact_count": true}]}', NULL),
    ('workstation', 'computer', NULL, NULL),
    ('laptop', 'computer', NULL, NULL),
    ('network_gear', 'hardware', NULL, NULL),
    ('switch', 'network_gear', NULL, NULL),
    ('router', 'network_gear', NULL, NULL),
    ('firewall', 'network_gear', NULL, NULL),
    ('access_point', 'network_gear', NULL, NULL),
    ('load_balancer', 'network_gear', NULL, NULL),
    ('stack_member', 'hardware', '{"entries": [
        {"priority": 10, "type": "regular", "attributes": ["serial_number"]},
        {"priority": 20, "type": "regular", "attributes": ["position"], "dependent": true}]}', NULL),
    ('module', 'hardware', '{"entries": [
        {"priority": 10, "type": "regular", "attributes": ["serial_number"]},
        {"priority": 20, "type": "regular", "attributes": ["position"], "dependent": true}]}', NULL),
    ('chassis', 'hardware', NULL, NULL),
    ('storage', 'hardware', NULL, NULL),
    ('printer', 'hardware', NULL, NULL),
    ('ups', 'hardware', NULL, NULL),
    ('monitor', 'hardware', NULL, NULL),
    ('phone', 'hardware', NULL, NULL),
    ('virtual_machine', 'ci', '"none"', NULL),
    ('container', 'ci', '"none"', NULL),
    ('application', 'ci', '"none"', NULL),
    ('service', 'ci', '"none"', NULL),
    ('cloud_instance', 'ci', '{"entries": [
        {"priority": 10, "type": "regular", "attributes": ["cloud_resource_id"]}]}', NULL);
