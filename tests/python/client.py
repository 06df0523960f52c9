"""A relying party in Python: python client.py PROTO_FOLDER SCRATCH_FOLDER ADDRESS LOGIN_KEY EDGE_KEY INSTANCE

Makes its code from the .proto files while it runs, and calls CreateChallenge, CheckVerdict and Envoy's Check.
"""

import importlib
import sys
from pathlib import Path

import grpc
import grpc_tools
from grpc_tools import protoc

PROTOS = [
    "bonafide/v1/attestation.proto",
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


def key(text):
    """What says who calls."""
    return [("authorization", f"Bearer {text}")]


def check_api(channel, login, edge, instance):
    """A challenge for an auth server, a verdict for a gateway, and a refusal that is no error."""
    attestation = importlib.import_module("bonafide.v1.attestation_pb2")
    attestation_grpc = importlib.import_module("bonafide.v1.attestation_pb2_grpc")
    verdict = importlib.import_module("bonafide.v1.verdict_pb2")
    verdict_grpc = importlib.import_module("bonafide.v1.verdict_pb2_grpc")
    devices = attestation_grpc.AttestationServiceStub(channel)
    request = attestation.CreateChallengeRequest(app="shop", purpose=attestation.PURPOSE_ATTEST)
    assert len(devices.CreateChallenge(request, metadata=key(login), timeout=5).challenge) == 120
    try:
        devices.CreateChallenge(request, metadata=key(edge), timeout=5)
        raise AssertionError("a gateway got a challenge")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.PERMISSION_DENIED, error
    verdicts = verdict_grpc.VerdictServiceStub(channel)
    known = verdict.CheckVerdictRequest(app="shop", instance=instance)
    answer = verdicts.CheckVerdict(known, metadata=key(edge), timeout=5).verdict
    assert answer.decision == verdict.DECISION_ALLOW and answer.instance == instance, answer
    unknown = verdict.CheckVerdictRequest(app="shop", instance="nobody")
    answer = verdicts.CheckVerdict(unknown, metadata=key(edge), timeout=5).verdict
    assert answer.decision == verdict.DECISION_DENY, answer
    assert [reason.code for reason in answer.reasons] == ["instance_unknown"], answer


def check_external_authorization(channel, edge, instance):
    """Envoy's question, as Envoy would ask it."""
    auth = importlib.import_module("envoy.service.auth.v3.external_auth_pb2")
    auth_grpc = importlib.import_module("envoy.service.auth.v3.external_auth_pb2_grpc")

    def asked(headers):
        request = auth.CheckRequest()
        http = request.attributes.request.http
        http.method, http.path, http.host, http.scheme = b"GET", b"/orders", b"shop.example", b"https"
        for name, value in headers.items():
            http.headers[name] = value
        request.attributes.context_extensions.update({"app": "shop", "subject": "instance"})
        return auth_grpc.AuthorizationStub(channel).Check(request, metadata=key(edge), timeout=5)

    allowed = asked({"bonafide-instance": instance.encode()})
    told = {option.header.key: option.header.value for option in allowed.ok_response.headers}
    assert allowed.status.code == 0 and told["bonafide-verdict-instance"] == instance.encode(), allowed
    assert allowed.dynamic_metadata["decision"] == "allow", allowed
    denied = asked({"bonafide-instance": b"\xff\xfe"})
    assert denied.status.code != 0 and denied.denied_response.status.code == 403, denied
    missing = asked({})
    assert missing.denied_response.status.code == 401, missing


def main():
    proto, scratch, address, login, edge, instance = sys.argv[1:]
    generate(proto, scratch)
    with grpc.insecure_channel(address) as channel:
        check_api(channel, login, edge, instance)
        check_external_authorization(channel, edge, instance)
    print("challenge, verdict, refusal and external authorization: as expected")


main()
