SET LOCAL ROLE assetlink_owner;

-- Life-cycle states: what the raw states of the sources mean (the domain rules, section 2).
--
-- Shipped rows, for any source; a row for one source beats them. Raw states are trimmed and lower case,
-- `state/substate` where there are two. Where systems disagree on a state, the meaning that ends no link is
-- taken, unless noted.

-- Assets, ServiceNow: state and substate by name (the numbers differ between tables and are not shipped).
-- Retired with a pending step is still in the house: retired; what has left it: disposed.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'on order', 'planned'),
    ('asset', NULL, 'build', 'planned'),
    ('asset', NULL, 'in transit', 'in_stock'),
    ('asset', NULL, 'in transit/available', 'in_stock'),
    ('asset', NULL, 'in transit/reserved', 'in_stock'),
    ('asset', NULL, 'in transit/defective', 'in_stock'),
    ('asset', NULL, 'in transit/pending install', 'in_stock'),
    ('asset', NULL, 'in transit/pending disposal', 'in_stock'),
    ('asset', NULL, 'in transit/pending donation', 'in_stock'),
    ('asset', NULL, 'in transit/pre-allocated', 'in_stock'),
    ('asset', NULL, 'in transit/pending resale', 'in_stock'),
    ('asset', NULL, 'in stock', 'in_stock'),
    ('asset', NULL, 'in stock/available', 'in_stock'),
    ('asset', NULL, 'in stock/reserved', 'in_stock'),
    ('asset', NULL, 'in stock/defective', 'in_stock'),
    ('asset', NULL, 'in stock/pending repair', 'in_stock'),
    ('asset', NULL, 'in stock/pending install', 'in_stock'),
    ('asset', NULL, 'in stock/pending disposal', 'in_stock'),
    ('asset', NULL, 'in stock/pending donation', 'in_stock'),
    ('asset', NULL, 'in stock/pending transfer', 'in_stock'),
    ('asset', NULL, 'in stock/pre-allocated', 'in_stock'),
    ('asset', NULL, 'in stock/on hold', 'in_stock'),
    ('asset', NULL, 'in stock/legal hold', 'in_stock'),
    ('asset', NULL, 'in stock/quarantine', 'in_stock'),
    ('asset', NULL, 'in stock/pending fulfillment', 'in_stock'),
    ('asset', NULL, 'in stock/pending certificate', 'in_stock'),
    ('asset', NULL, 'in stock/pending return', 'in_stock'),
    ('asset', NULL, 'in stock/test', 'in_stock'),
    ('asset', NULL, 'in stock/end of support', 'in_stock'),
    ('asset', NULL, 'in stock/pending retirement', 'in_stock'),
    ('asset', NULL, 'in stock/pending resale', 'in_stock'),
    ('asset', NULL, 'in stock/pending evaluation', 'in_stock'),
    ('asset', NULL, 'in use', 'in_use'),
    ('asset', NULL, 'in use/pending fulfillment', 'in_use'),
    ('asset', NULL, 'in use/end of support', 'in_use'),
    ('asset', NULL, 'in use/pending retirement', 'in_use'),
    ('asset', NULL, 'in maintenance', 'in_maintenance'),
    ('asset', NULL, 'missing', 'missing'),
    ('asset', NULL, 'missing/lost', 'missing'),
    ('asset', NULL, 'missing/stolen', 'missing'),
    ('asset', NULL, 'retired', 'retired'),
    ('asset', NULL, 'retired/pending disposal', 'retired'),
    ('asset', NULL, 'retired/pending resale', 'retired'),
    ('asset', NULL, 'retired/obsolete', 'retired'),
    ('asset', NULL, 'retired/disposed', 'disposed'),
    ('asset', NULL, 'retired/sold', 'disposed'),
    ('asset', NULL, 'retired/donated', 'disposed'),
    ('asset', NULL, 'retired/vendor credit', 'disposed'),
    ('asset', NULL, 'retired/lease return', 'disposed'),
    ('asset', NULL, 'retired/rma', 'disposed'),
    ('asset', NULL, 'retired/buy out', 'disposed'),
    ('asset', NULL, 'consumed', 'disposed')
ON CONFLICT DO NOTHING;

-- Assets, ServiceNow: life-cycle stage and status by name.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'purchase', 'planned'),
    ('asset', NULL, 'purchase/on order', 'planned'),
    ('asset', NULL, 'purchase/pre allocated', 'planned'),
    ('asset', NULL, 'design', 'planned'),
    ('asset', NULL, 'design/build', 'planned'),
    ('asset', NULL, 'deploy', 'in_stock'),
    ('asset', NULL, 'deploy/in transit', 'in_stock'),
    ('asset', NULL, 'deploy/in stock', 'in_stock'),
    ('asset', NULL, 'deploy/reserved', 'in_stock'),
    ('asset', NULL, 'deploy/pending transfer', 'in_stock'),
    ('asset', NULL, 'deploy/test', 'in_stock'),
    ('asset', NULL, 'inventory', 'in_stock'),
    ('asset', NULL, 'inventory/available', 'in_stock'),
    ('asset', NULL, 'inventory/reserved', 'in_stock'),
    ('asset', NULL, 'inventory/legal hold', 'in_stock'),
    ('asset', NULL, 'inventory/quarantine', 'in_stock'),
    ('asset', NULL, 'inventory/pending repair', 'in_stock'),
    ('asset', NULL, 'inventory/pre allocated', 'in_stock'),
    ('asset', NULL, 'defective', 'in_stock'),
    ('asset', NULL, 'defective/in stock', 'in_stock'),
    ('asset', NULL, 'defective/in transit', 'in_stock'),
    ('asset', NULL, 'operational', 'in_use'),
    ('asset', NULL, 'operational/in use', 'in_use'),
    ('asset', NULL, 'operational/pending fulfillment', 'in_use'),
    ('asset', NULL, 'operational/end of support', 'in_use'),
    ('asset', NULL, 'operational/pending retirement', 'in_use'),
    ('asset', NULL, 'operational/in maintenance', 'in_maintenance'),
    ('asset', NULL, 'end of operation', 'in_stock'),
    ('asset', NULL, 'end of operation/in transit', 'in_stock'),
    ('asset', NULL, 'end of operation/on hold', 'in_stock'),
    ('asset', NULL, 'end of operation/pending resale', 'in_stock'),
    ('asset', NULL, 'end of operation/pending evaluation', 'in_stock'),
    ('asset', NULL, 'end of operation/pending return', 'in_stock'),
    ('asset', NULL, 'end of operation/pending certificate', 'in_stock'),
    ('asset', NULL, 'end of operation/pending donation', 'in_stock'),
    ('asset', NULL, 'end of operation/pending disposal', 'in_stock'),
    ('asset', NULL, 'end of life', 'retired'),
    ('asset', NULL, 'end of life/retired', 'retired'),
    ('asset', NULL, 'end of life/obsolete', 'retired'),
    ('asset', NULL, 'end of life/disposed', 'disposed'),
    ('asset', NULL, 'end of life/sold', 'disposed'),
    ('asset', NULL, 'end of life/donated', 'disposed'),
    ('asset', NULL, 'end of life/vendor credit', 'disposed'),
    ('asset', NULL, 'end of life/lease return', 'disposed'),
    ('asset', NULL, 'end of life/rma', 'disposed'),
    ('asset', NULL, 'end of life/buy out', 'disposed')
ON CONFLICT DO NOTHING;

-- Assets, netbox-inventory.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'stored', 'in_stock'),
    ('asset', NULL, 'used', 'in_use')
ON CONFLICT DO NOTHING;

-- Assets, Snipe-IT: types of status labels, and the labels that it is installed with.
-- Archived is its end of the line. "Lost/Stolen" is one label, not a state with a substate, and reads the same.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'deployable', 'in_stock'),
    ('asset', NULL, 'ready to deploy', 'in_stock'),
    ('asset', NULL, 'pending', 'in_stock'),
    ('asset', NULL, 'deployed', 'in_use'),
    ('asset', NULL, 'undeployable', 'in_maintenance'),
    ('asset', NULL, 'out for diagnostics', 'in_maintenance'),
    ('asset', NULL, 'out for repair', 'in_maintenance'),
    ('asset', NULL, 'broken - not fixable', 'retired'),
    ('asset', NULL, 'lost/stolen', 'missing'),
    ('asset', NULL, 'archived', 'retired')
ON CONFLICT DO NOTHING;

-- Assets, Ralph. "Damaged" may be repaired; "pre liquidated" is still in the house.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'new', 'in_stock'),
    ('asset', NULL, 'free', 'in_stock'),
    ('asset', NULL, 'to deploy', 'in_stock'),
    ('asset', NULL, 'cleaned', 'in_stock'),
    ('asset', NULL, 'reserved', 'in_stock'),
    ('asset', NULL, 'in progress', 'in_stock'),
    ('asset', NULL, 'waiting for release', 'in_stock'),
    ('asset', NULL, 'return in progress', 'in_use'),
    ('asset', NULL, 'loan', 'in_use'),
    ('asset', NULL, 'loan in progress', 'in_use'),
    ('asset', NULL, 'installed', 'in_use'),
    ('asset', NULL, 'damaged', 'in_maintenance'),
    ('asset', NULL, 'pre liquidated', 'in_stock'),
    ('asset', NULL, 'liquidated', 'disposed')
ON CONFLICT DO NOTHING;

-- Assets, Request Tracker. Its "recycled" and "deleted" end an asset.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'allocated', 'in_use'),
    ('asset', NULL, 'in-use', 'in_use'),
    ('asset', NULL, 'recycled', 'disposed'),
    ('asset', NULL, 'stolen', 'missing'),
    ('asset', NULL, 'deleted', 'retired')
ON CONFLICT DO NOTHING;

-- Assets, Collins. "Cancelled" is no longer wanted but still racked; elsewhere it is an order that was called off:
-- neither ends a link.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'incomplete', 'in_stock'),
    ('asset', NULL, 'unallocated', 'in_stock'),
    ('asset', NULL, 'provisioning', 'in_use'),
    ('asset', NULL, 'provisioned', 'in_use'),
    ('asset', NULL, 'maintenance', 'in_maintenance'),
    ('asset', NULL, 'cancelled', 'in_stock'),
    ('asset', NULL, 'decommissioned', 'retired')
ON CONFLICT DO NOTHING;

-- Assets, plain English and our own names.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('asset', NULL, 'planned', 'planned'),
    ('asset', NULL, 'in_stock', 'in_stock'),
    ('asset', NULL, 'in_use', 'in_use'),
    ('asset', NULL, 'in_maintenance', 'in_maintenance'),
    ('asset', NULL, 'disposed', 'disposed'),
    ('asset', NULL, 'ordered', 'planned'),
    ('asset', NULL, 'on_order', 'planned'),
    ('asset', NULL, 'requested', 'planned'),
    ('asset', NULL, 'received', 'in_stock'),
    ('asset', NULL, 'stock', 'in_stock'),
    ('asset', NULL, 'in storage', 'in_stock'),
    ('asset', NULL, 'storage', 'in_stock'),
    ('asset', NULL, 'spare', 'in_stock'),
    ('asset', NULL, 'available', 'in_stock'),
    ('asset', NULL, 'in_transit', 'in_stock'),
    ('asset', NULL, 'active', 'in_use'),
    ('asset', NULL, 'in production', 'in_use'),
    ('asset', NULL, 'production', 'in_use'),
    ('asset', NULL, 'live', 'in_use'),
    ('asset', NULL, 'in service', 'in_use'),
    ('asset', NULL, 'assigned', 'in_use'),
    ('asset', NULL, 'checked out', 'in_use'),
    ('asset', NULL, 'online', 'in_use'),
    ('asset', NULL, 'repair', 'in_maintenance'),
    ('asset', NULL, 'in repair', 'in_maintenance'),
    ('asset', NULL, 'under repair', 'in_maintenance'),
    ('asset', NULL, 'broken', 'in_maintenance'),
    ('asset', NULL, 'faulty', 'in_maintenance'),
    ('asset', NULL, 'lost', 'missing'),
    ('asset', NULL, 'not found', 'missing'),
    ('asset', NULL, 'obsolete', 'retired'),
    ('asset', NULL, 'decommissioning', 'in_use'),
    ('asset', NULL, 'end-of-life', 'retired'),
    ('asset', NULL, 'eol', 'retired'),
    ('asset', NULL, 'withdrawn', 'retired'),
    ('asset', NULL, 'out of service', 'in_maintenance'),
    ('asset', NULL, 'inactive', 'in_stock'),
    ('asset', NULL, 'scrapped', 'disposed'),
    ('asset', NULL, 'sold', 'disposed'),
    ('asset', NULL, 'donated', 'disposed'),
    ('asset', NULL, 'destroyed', 'disposed'),
    ('asset', NULL, 'returned to vendor', 'disposed'),
    ('asset', NULL, 'returned to lessor', 'disposed')
ON CONFLICT DO NOTHING;

-- CIs, ServiceNow: install_status by number and by name. 6 is "In Stock" here but "Retired" as an operational_status:
-- active, so name states by their display value where operational_status is bound. Absent and Stolen are
-- out of sight, not out of service: active, so that the link stays and its age shows.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, '1', 'active'),
    ('ci', NULL, '2', 'active'),
    ('ci', NULL, '3', 'active'),
    ('ci', NULL, '4', 'active'),
    ('ci', NULL, '5', 'active'),
    ('ci', NULL, '6', 'active'),
    ('ci', NULL, '7', 'retired'),
    ('ci', NULL, '8', 'active'),
    ('ci', NULL, '100', 'active'),
    ('ci', NULL, 'installed', 'active'),
    ('ci', NULL, 'on order', 'active'),
    ('ci', NULL, 'in maintenance', 'active'),
    ('ci', NULL, 'pending install', 'active'),
    ('ci', NULL, 'pending repair', 'active'),
    ('ci', NULL, 'in stock', 'active'),
    ('ci', NULL, 'retired', 'retired'),
    ('ci', NULL, 'stolen', 'active'),
    ('ci', NULL, 'absent', 'active')
ON CONFLICT DO NOTHING;

-- CIs, ServiceNow: hardware_status by name.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'out of stock', 'active'),
    ('ci', NULL, 'in transit', 'active'),
    ('ci', NULL, 'defective', 'active'),
    ('ci', NULL, 'in disposition', 'active'),
    ('ci', NULL, 'pending transfer', 'active')
ON CONFLICT DO NOTHING;

-- CIs, ServiceNow: hardware_status and substatus.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'in stock/available', 'active'),
    ('ci', NULL, 'in stock/reserved', 'active'),
    ('ci', NULL, 'in stock/defective', 'active'),
    ('ci', NULL, 'in stock/pending repair', 'active'),
    ('ci', NULL, 'in stock/pending install', 'active'),
    ('ci', NULL, 'in stock/pending disposal', 'active'),
    ('ci', NULL, 'in stock/pending transfer', 'active'),
    ('ci', NULL, 'in stock/pre-allocated', 'active'),
    ('ci', NULL, 'in transit/available', 'active'),
    ('ci', NULL, 'in transit/reserved', 'active'),
    ('ci', NULL, 'in transit/defective', 'active'),
    ('ci', NULL, 'in transit/pending install', 'active'),
    ('ci', NULL, 'in transit/pending disposal', 'active'),
    ('ci', NULL, 'in transit/pre-allocated', 'active'),
    ('ci', NULL, 'in disposition/pending disposal', 'active'),
    ('ci', NULL, 'in disposition/pending resale', 'active'),
    ('ci', NULL, 'installed/in use', 'active'),
    ('ci', NULL, 'missing', 'active'),
    ('ci', NULL, 'missing/lost', 'active'),
    ('ci', NULL, 'missing/stolen', 'active'),
    ('ci', NULL, 'stolen/stolen', 'active'),
    ('ci', NULL, 'retired/disposed', 'retired'),
    ('ci', NULL, 'retired/pending disposal', 'retired'),
    ('ci', NULL, 'retired/sold', 'retired'),
    ('ci', NULL, 'retired/donated', 'retired'),
    ('ci', NULL, 'retired/vendor credit', 'retired'),
    ('ci', NULL, 'retired/lease return', 'retired'),
    ('ci', NULL, 'retired/obsolete', 'retired'),
    ('ci', NULL, 'retired/rma', 'retired'),
    ('ci', NULL, 'retired/buy out', 'retired'),
    ('ci', NULL, 'retired/pending resale', 'retired')
ON CONFLICT DO NOTHING;

-- CIs, ServiceNow: operational_status by name.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'operational', 'active'),
    ('ci', NULL, 'non-operational', 'active'),
    ('ci', NULL, 'repair in progress', 'active'),
    ('ci', NULL, 'dr standby', 'active'),
    ('ci', NULL, 'ready', 'active')
ON CONFLICT DO NOTHING;

-- CIs, ServiceNow: life-cycle stage and status by name.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'purchase', 'active'),
    ('ci', NULL, 'purchase/on order', 'active'),
    ('ci', NULL, 'purchase/pre allocated', 'active'),
    ('ci', NULL, 'design', 'active'),
    ('ci', NULL, 'design/build', 'active'),
    ('ci', NULL, 'deploy', 'active'),
    ('ci', NULL, 'deploy/in transit', 'active'),
    ('ci', NULL, 'deploy/in stock', 'active'),
    ('ci', NULL, 'deploy/reserved', 'active'),
    ('ci', NULL, 'deploy/pending transfer', 'active'),
    ('ci', NULL, 'deploy/test', 'active'),
    ('ci', NULL, 'inventory', 'active'),
    ('ci', NULL, 'inventory/available', 'active'),
    ('ci', NULL, 'inventory/reserved', 'active'),
    ('ci', NULL, 'inventory/legal hold', 'active'),
    ('ci', NULL, 'inventory/quarantine', 'active'),
    ('ci', NULL, 'inventory/pending repair', 'active'),
    ('ci', NULL, 'inventory/pre allocated', 'active'),
    ('ci', NULL, 'defective/in stock', 'active'),
    ('ci', NULL, 'defective/in transit', 'active'),
    ('ci', NULL, 'operational/in use', 'active'),
    ('ci', NULL, 'operational/in maintenance', 'active'),
    ('ci', NULL, 'operational/pending fulfillment', 'active'),
    ('ci', NULL, 'operational/end of support', 'active'),
    ('ci', NULL, 'operational/pending retirement', 'active'),
    ('ci', NULL, 'end of operation', 'active'),
    ('ci', NULL, 'end of operation/in transit', 'active'),
    ('ci', NULL, 'end of operation/on hold', 'active'),
    ('ci', NULL, 'end of operation/pending resale', 'active'),
    ('ci', NULL, 'end of operation/pending evaluation', 'active'),
    ('ci', NULL, 'end of operation/pending return', 'active'),
    ('ci', NULL, 'end of operation/pending certificate', 'active'),
    ('ci', NULL, 'end of operation/pending donation', 'active'),
    ('ci', NULL, 'end of operation/pending disposal', 'active'),
    ('ci', NULL, 'end of life', 'retired'),
    ('ci', NULL, 'end of life/retired', 'retired'),
    ('ci', NULL, 'end of life/obsolete', 'retired'),
    ('ci', NULL, 'end of life/disposed', 'retired'),
    ('ci', NULL, 'end of life/sold', 'retired'),
    ('ci', NULL, 'end of life/donated', 'retired'),
    ('ci', NULL, 'end of life/vendor credit', 'retired'),
    ('ci', NULL, 'end of life/lease return', 'retired'),
    ('ci', NULL, 'end of life/rma', 'retired'),
    ('ci', NULL, 'end of life/buy out', 'retired')
ON CONFLICT DO NOTHING;

-- CIs, NetBox: device status.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'active', 'active'),
    ('ci', NULL, 'offline', 'active'),
    ('ci', NULL, 'planned', 'active'),
    ('ci', NULL, 'staged', 'active'),
    ('ci', NULL, 'failed', 'active'),
    ('ci', NULL, 'decommissioning', 'active')
ON CONFLICT DO NOTHING;

-- CIs, Ralph, Collins and Request Tracker, where they are read as a CMDB.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'new', 'active'),
    ('ci', NULL, 'in use', 'active'),
    ('ci', NULL, 'in-use', 'active'),
    ('ci', NULL, 'free', 'active'),
    ('ci', NULL, 'damaged', 'active'),
    ('ci', NULL, 'to deploy', 'active'),
    ('ci', NULL, 'cleaned', 'active'),
    ('ci', NULL, 'pre liquidated', 'active'),
    ('ci', NULL, 'liquidated', 'retired'),
    ('ci', NULL, 'incomplete', 'active'),
    ('ci', NULL, 'unallocated', 'active'),
    ('ci', NULL, 'provisioning', 'active'),
    ('ci', NULL, 'provisioned', 'active'),
    ('ci', NULL, 'allocated', 'active'),
    ('ci', NULL, 'maintenance', 'active'),
    ('ci', NULL, 'cancelled', 'active'),
    ('ci', NULL, 'decommissioned', 'retired'),
    ('ci', NULL, 'recycled', 'retired'),
    ('ci', NULL, 'deleted', 'retired')
ON CONFLICT DO NOTHING;

-- CIs, plain English.
INSERT INTO assetlink.lifecycle_state (side, source, raw_state, meaning) VALUES
    ('ci', NULL, 'in production', 'active'),
    ('ci', NULL, 'production', 'active'),
    ('ci', NULL, 'live', 'active'),
    ('ci', NULL, 'online', 'active'),
    ('ci', NULL, 'in service', 'active'),
    ('ci', NULL, 'in_use', 'active'),
    ('ci', NULL, 'in_maintenance', 'active'),
    ('ci', NULL, 'in_stock', 'active'),
    ('ci', NULL, 'standby', 'active'),
    ('ci', NULL, 'test', 'active'),
    ('ci', NULL, 'implementation', 'active'),
    ('ci', NULL, 'inactive', 'active'),
    ('ci', NULL, 'unknown', 'active'),
    ('ci', NULL, 'disposed', 'retired'),
    ('ci', NULL, 'obsolete', 'retired'),
    ('ci', NULL, 'archived', 'retired'),
    ('ci', NULL, 'end-of-life', 'retired'),
    ('ci', NULL, 'eol', 'retired'),
    ('ci', NULL, 'scrapped', 'retired'),
    ('ci', NULL, 'sold', 'retired'),
    ('ci', NULL, 'removed', 'retired')
ON CONFLICT DO NOTHING;
