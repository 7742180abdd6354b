"""Does with the published, unmodified Python client of the tunnel service's API what its users do with it.

Usage: api_client.py BASE_URL ADMINISTRATORS_KEY READERS_AUTHTOKEN KEY_OF_DISABLED SSH_KEY
"""

import base64
import sys

import ngrok
from ngrok.error import Error, NotFoundError

base_url, key, authtoken, key_of_disabled, ssh_key = sys.argv[1:]
client = ngrok.Client(key, base_url)


def same(one, other, *but):
    """Whether two objects are equal but for some fields."""
    one, other = dict(one._props), dict(other._props)
    for field in but:
        one.pop(field, None), other.pop(field, None)
    assert one == other, (one, other)


def refused(code, status, deed):
    try:
        deed()
    except Error as error:
        assert (error.error_code, error.http_status_code) == (code, status), (error.error_code, error.http_status_code, code)
        assert error.operation_id.startswith("op_")
        return error
    raise AssertionError(f"{code} was not refused")


def gone(deed, code="ERR_FRONTDESK_404"):
    assert isinstance(refused(code, 404, deed), NotFoundError)


def walk(resource, field, change, make, missing="ERR_FRONTDESK_404"):
    """Makes, reads, lists, changes and deletes one, and pages through several."""
    made = make(0)
    same(made, resource.get(made.id), "token")
    assert any(row.id == made.id for row in resource.list()), "it is in the list"
    resource.update(made.id, **change)
    changed = resource.get(made.id)
    for name, value in change.items():
        assert changed._props[name] == value, (name, changed._props)
    same(made, changed, "token", *change)
    helper = resource.get(made.id)
    helper.update(**change)
    helper.delete()
    gone(lambda: resource.get(made.id), missing)
    gone(lambda: resource.delete(made.id), missing)

    several = [make(number) for number in range(1, 6)]
    paged = [row.id for row in resource.list(limit="2")]
    ours = [row.id for row in several]
    assert sorted(id for id in paged if id in ours) == sorted(ours), "all of them"
    assert len(paged) == len(set(paged)), "none twice"
    assert paged == sorted(paged, reverse=True), "newest first"
    older = [row.id for row in resource.list(before_id=max(ours), limit="100")]
    assert older == [id for id in paged if id < max(ours)]
    if field:
        found = [row.id for row in resource.list(limit="2", filter=f'obj.{field} in ["Number 2", "Number 4"] && obj.id != ""')]
        assert len(found) == 2, found
    for row in several:
        resource.delete(row.id)
    return len(paged)


print("bot users", walk(client.bot_users, None, {"name": "Renamed"}, lambda n: client.bot_users.create(name=f"Number {n}")))
bot = client.service_users.create(name="A service user")
assert bot.id.startswith("service_") and bot.active is True
print(
    "service users",
    walk(client.service_users, "name", {"name": "Renamed", "active": False}, lambda n: client.service_users.create(name=f"Number {n}")),
)
print(
    "API keys",
    walk(
        client.api_keys,
        "description",
        {"description": "Another", "metadata": "{}"},
        lambda n: client.api_keys.create(description=f"Number {n}", owner_id=bot.id),
    ),
)
print(
    "authtokens",
    walk(
        client.credentials,
        "description",
        {"description": "Another", "acl": ["bind:*.example.com"]},
        lambda n: client.credentials.create(description=f"Number {n}", acl=["bind:a.example.com"]),
    ),
)


def key_like(number):
    """The same kind of key as the one that was given, with another number in it."""
    blob = bytearray(base64.b64decode(ssh_key.split()[1]))
    blob[-1] ^= number + 1
    return f"ssh-ed25519 {base64.b64encode(bytes(blob)).decode()} key {number}"


print(
    "SSH keys",
    walk(
        client.ssh_credentials,
        "description",
        {"description": "Another", "acl": ["bind:*.example.com"]},
        lambda n: client.ssh_credentials.create(public_key=key_like(n), description=f"Number {n}", owner_id=bot.id),
    ),
)
ssh = client.ssh_credentials.create(public_key=ssh_key, description="A key", owner_id=bot.id)
same(ssh, client.ssh_credentials.get(ssh.id))
client.ssh_credentials.update(ssh.id, metadata="kept")
assert client.ssh_credentials.get(ssh.id).metadata == "kept"
refused("ERR_NGROK_609", 400, lambda: client.ssh_credentials.create(public_key=ssh_key))
assert [row.id for row in client.ssh_credentials.list(filter=f'obj.owner_id == "{ssh.owner_id}"')] == [ssh.id]
client.ssh_credentials.delete(ssh.id)
gone(lambda: client.ssh_credentials.get(ssh.id))

print(
    "IP policies",
    walk(
        client.ip_policies,
        "description",
        {"description": "Another", "metadata": "{}"},
        lambda n: client.ip_policies.create(description=f"Number {n}"),
        "ERR_NGROK_1402",
    ),
)
policy = client.ip_policies.create(description="Offices", metadata="kept")
print(
    "IP policy rules",
    walk(
        client.ip_policy_rules,
        "description",
        {"description": "Another", "cidr": "10.200.0.0/16"},
        lambda n: client.ip_policy_rules.create(cidr=f"10.{n}.0.0/16", ip_policy_id=policy.id, action="allow", description=f"Number {n}"),
        "ERR_NGROK_1404",
    ),
)


def rule(cidr, action="allow"):
    return client.ip_policy_rules.create(cidr=cidr, ip_policy_id=policy.id, action=action)


made = rule("192.0.2.0/24")
assert (made.ip_policy.id, made.action, made.cidr) == (policy.id, "allow", "192.0.2.0/24")
for cidr, code in [("192.0.2.0/24", 1408), ("192.0.2.1/24", 1409), ("192.0.2.1", 1413), ("nowhere", 1406)]:
    refused(f"ERR_NGROK_{code}", 400, lambda: rule(cidr))
refused("ERR_NGROK_1422", 400, lambda: rule("198.51.100.0/24", "maybe"))
refused("ERR_NGROK_1804", 400, lambda: client.ip_restrictions.create(type="agent", ip_policy_ids=[]))
refused("ERR_NGROK_1803", 400, lambda: client.ip_restrictions.create(type="door", ip_policy_ids=[policy.id]))
restriction = client.ip_restrictions.create(type="agent", ip_policy_ids=[policy.id], description="Agents")
assert (restriction.enforced, restriction.type, [one.id for one in restriction.ip_policies]) == (False, "agent", [policy.id])
same(restriction, client.ip_restrictions.get(restriction.id))
refused("ERR_NGROK_1802", 400, lambda: client.ip_restrictions.create(type="agent", ip_policy_ids=[policy.id]))
refused("ERR_NGROK_1420", 400, lambda: client.ip_policies.delete(policy.id))
client.ip_restrictions.update(restriction.id, enforced=True)
enforced = client.ip_restrictions.get(restriction.id)
assert enforced.enforced and [one.id for one in enforced.ip_policies] == [policy.id], "its policies stay"
assert [row.id for row in client.ip_restrictions.list(filter='obj.type == "agent" && obj.enforced')] == [restriction.id]
refused("ERR_FRONTDESK_616", 400, lambda: client.ip_restrictions.create(type="api", ip_policy_ids=[policy.id], enforced=True))
restriction.delete()
gone(lambda: client.ip_restrictions.get(restriction.id))
client.ip_policies.delete(policy.id)

# A new key works, and what it may do is what its owner may: a bot user makes no other.
made = client.api_keys.create(owner_id=bot.id)
theirs = ngrok.Client(made.token, base_url)
assert theirs.service_users.get(bot.id).name == "A service user"
refused("ERR_NGROK_4111", 403, lambda: theirs.bot_users.create(name="Mine"))
refused("ERR_NGROK_1219", 403, lambda: theirs.api_keys.create())
client.service_users.update(bot.id, active=False)
refused("ERR_FRONTDESK_602", 403, lambda: theirs.bot_users.get(bot.id))
client.service_users.delete(bot.id)
refused("ERR_NGROK_203", 401, lambda: theirs.bot_users.get(bot.id))

# The wrong things in the place of a key, and wrong input.
refused("ERR_NGROK_202", 401, lambda: ngrok.Client("nonsense", base_url).bot_users.get(bot.id))
refused("ERR_NGROK_206", 401, lambda: ngrok.Client(authtoken, base_url).bot_users.get(bot.id))
refused("ERR_NGROK_1228", 403, lambda: ngrok.Client(key_of_disabled, base_url).bot_users.get(bot.id))
refused("ERR_NGROK_604", 400, lambda: client.api_keys.create(description="x" * 256))
refused("ERR_NGROK_605", 400, lambda: client.api_keys.create(metadata="x" * 4097))
refused("ERR_NGROK_4109", 400, lambda: client.bot_users.create(name=""))
refused("ERR_NGROK_600", 400, lambda: client.credentials.create(acl=["nonsense"]))
refused("ERR_NGROK_250", 400, lambda: list(client.api_keys.list(filter="obj.nonsense == 1")))
members = client.http_client.get("/members", {"filter": 'obj.email == "reader@example.com"'})["members"]
reader = members[0]["user_id"]
refused("ERR_NGROK_635", 403, lambda: client.api_keys.create(owner_id=reader))
refused("ERR_NGROK_634", 400, lambda: client.api_keys.create(owner_id="nobody@example.com"))
refused("ERR_NGROK_627", 400, lambda: client.http_client.patch("/credentials/" + client.credentials.create().id, dict(owner_id=reader)))
gone_elsewhere = refused("ERR_FRONTDESK_405", 404, lambda: client.tunnels.get("tn_1"))
assert isinstance(gone_elsewhere, NotFoundError)


def ask_until_refused():
    for _ in range(2000):
        client.bot_users.list()


refused("ERR_NGROK_226", 429, ask_until_refused)
print("all of it")
