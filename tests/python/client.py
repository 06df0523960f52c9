"""A relying party in Python: python client.py PROTO_FOLDER SCRATCH_FOLDER ADDRESS LOGIN_KEY EDGE_KEY DESK_KEY INSTANCE TOKEN

Makes its code from the .proto files while it runs, and calls CreateChallenge, CheckVerdict, Envoy's Check, WatchVerdicts and
InstanceService.
"""

import importlib
import sys
from pathlib import Path

import grpc
import grpc_tools
from grpc_tools import protoc

PROTOS = [
    "bonafide/v1/attestation.proto",
    "bonafide/v1/instance.proto",
    "bonafide/v1/verdict.proto",
    "envoy/service/auth/v3/external_auth.proto",
    "envoy/config/core/v3/base.proto",
    "envoy/type/v3/http_status.proto",
    "google/rpc/status.proto",
]


def generate(proto, scratch):
    """Writes the code of all messages and services, and lets it be imported."""
    own = Path(grpc_tools.__file__).parent / "_proto"
    flags = [f"-I{proto}", f"-I{own}", f"--python_out={scratch}", f"--grpc_python_out={scratch}"]
    if protoc.main(["protoc", *flags, *PROTOS]) != 0:
        sys.exit("the .proto files cannot be compiled")
    # Of a package of the same name that is installed, nothing may come in between; "google" is shared by design.
    for folder in (folder for folder in Path(scratch).rglob("*") if folder.is_dir()):
        if "google" not in folder.parts:
            (folder / "__init__.py").touch()
    sys.path.insert(0, str(scratch))


def made(name):
    """The messages of a .proto file, and its services."""
    return importlib.import_module(f"{name}_pb2"), importlib.import_module(f"{name}_pb2_grpc")


def key(text):
    """What says who calls."""
    return [("authorization", f"Bearer {text}")]


def codes(verdict):
    return [reason.code for reason in verdict.reasons]


def check_api(channel, login, edge, instance):
    """A challenge for an auth server, a verdict for a gateway, and a refusal that is no error."""
    attestation, attestation_grpc = made("bonafide.v1.attestation")
    verdict, verdict_grpc = made("bonafide.v1.verdict")
    devices = attestation_grpc.AttestationServiceStub(channel)
    request = attestation.CreateChallengeRequest(app="shop", purpose=attestation.PURPOSE_ATTEST)
    assert len(devices.CreateChallenge(request, metadata=key(login), timeout=30).challenge) == 120
    try:
        devices.CreateChallenge(request, metadata=key(edge), timeout=30)
        raise AssertionError("a gateway got a challenge")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
    verdicts = verdict_grpc.VerdictServiceStub(channel)
    known = verdict.CheckVerdictRequest(app="shop", instance=instance)
    answer = verdicts.CheckVerdict(known, metadata=key(edge), timeout=30).verdict
    assert answer.decision == verdict.DECISION_ALLOW and answer.instance == instance, answer
    unknown = verdict.CheckVerdictRequest(app="shop", instance="nobody")
    answer = verdicts.CheckVerdict(unknown, metadata=key(edge), timeout=30).verdict
    assert answer.decision == verdict.DECISION_DENY, answer
    assert codes(answer) == ["instance_unknown"], answer


def asked_by_envoy(channel, edge, subject, headers):
    """Envoy's question, as Envoy would ask it."""
    auth, auth_grpc = made("envoy.service.auth.v3.external_auth")
    request = auth.CheckRequest()
    http = request.attributes.request.http
    http.method, http.path, http.host, http.scheme = b"GET", b"/orders", b"shop.example", b"https"
    for name, value in headers.items():
        http.headers[name] = value
    request.attributes.context_extensions.update({"app": "shop", "subject": subject})
    return auth_grpc.AuthorizationStub(channel).Check(request, metadata=key(edge), timeout=30)


def check_external_authorization(channel, edge, instance):
    """A phone that passes, and what does not."""

    def asked(headers):
        return asked_by_envoy(channel, edge, "instance", headers)

    allowed = asked({"bonafide-instance": instance.encode()})
    told = {option.header.key: option.header.value for option in allowed.ok_response.headers}
    assert allowed.status.code == 0 and told["bonafide-verdict-instance"] == instance.encode(), allowed
    assert allowed.dynamic_metadata["decision"] == "allow", allowed
    denied = asked({"bonafide-instance": b"\xff\xfe"})
    assert denied.status.code != 0 and denied.denied_response.status.code == 403, denied
    missing = asked({})
    assert missing.denied_response.status.code == 401, missing


def check_revocation(channel, desk, edge, phone, token):
    """An operator finds a phone, takes trust from it and gives it back; the stream tells, and its token follows."""
    operator, operator_grpc = made("bonafide.v1.instance")
    verdict, verdict_grpc = made("bonafide.v1.verdict")
    instances, verdicts = operator_grpc.InstanceServiceStub(channel), verdict_grpc.VerdictServiceStub(channel)
    by_desk = {"metadata": key(desk), "timeout": 30}
    which = {"app": "shop", "name": operator.InstanceName(instance=phone)}

    def worth():
        request = verdict.CheckVerdictRequest(app="shop", token=token)
        return verdicts.CheckVerdict(request, metadata=key(edge), timeout=30).verdict

    def news(kind):
        changes = (message for message in stream if message.WhichOneof("change") not in ("heartbeat", "policy"))
        told = next(changes)
        assert told.WhichOneof("change") == kind and getattr(told, kind).instance == phone, told
        return told.position

    def envoy():
        return asked_by_envoy(channel, edge, "token", {"bonafide-token": token.encode()})

    found = instances.LookUpInstance(operator.LookUpInstanceRequest(**which), **by_desk).instance
    assert found.instance == phone and found.status == operator.INSTANCE_STATUS_GOOD, found
    listed = instances.ListInstances(operator.ListInstancesRequest(app="shop"), **by_desk).instances
    assert list(listed) == [found], listed
    stream = verdicts.WatchVerdicts(verdict.WatchVerdictsRequest(app="shop"), metadata=key(edge), timeout=120)
    next(stream)
    assert worth().decision == verdict.DECISION_ALLOW and envoy().status.code == 0

    revoked = instances.RevokeInstance(operator.RevokeInstanceRequest(why="stolen", **which), **by_desk)
    assert revoked.instance.status == operator.INSTANCE_STATUS_REVOKED, revoked
    assert news("revoked") == revoked.position
    refused = worth()
    assert refused.decision == verdict.DECISION_DENY and "instance_revoked" in codes(refused), refused
    assert envoy().denied_response.status.code == 403

    instances.ReinstateInstance(operator.ReinstateInstanceRequest(why="found", **which), **by_desk)
    assert news("reinstated") > revoked.position
    assert worth().decision == verdict.DECISION_ALLOW and envoy().status.code == 0
    stream.cancel()


def main():
    proto, scratch, address, login, edge, desk, instance, token = sys.argv[1:]
    generate(proto, scratch)
    with grpc.insecure_channel(address) as channel:
        check_api(channel, login, edge, instance)
        check_external_authorization(channel, edge, instance)
        check_revocation(channel, desk, edge, instance, token)
    print("challenge, verdict, refusal, external authorization and revocation: as expected")


main()
