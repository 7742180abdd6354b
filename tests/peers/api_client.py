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


def gone(deed):
    assert isinstance(refused("ERR_FRONTDESK_404", 404, deed), NotFoundError)


def walk(resource, field, change, make):
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
    gone(lambda: resource.get(made.id))
    gone(lambda: resource.delete(made.id))

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
