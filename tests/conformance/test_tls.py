"""TLS on the one port: the same clients, gRPC and REST told apart by ALPN."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from google.auth.credentials import AnonymousCredentials
from google.cloud import talent_v4 as talent
from google.cloud.talent_v4.services.event_service import transports

from tests.conformance.clients import client_event
from tests.conformance.test_google_node import node_event, run
from tests.service import Service, event_json, new_tenant


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost, which is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / "cert.pem", folder / "key.pem"
    cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_path, key_path


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    folder = tmp_path_factory.mktemp("tls")
    cert, key = make_certificate(folder)
    with Service(folder / "data", tls_cert=cert, tls_key=key) as service:
        assert service.url.startswith("https://")
        yield service, cert


def test_python_client_over_grpc_and_tls(secure: tuple[Service, Path]) -> None:
    service, cert = secure
    tenant = new_tenant()
    credentials = grpc.ssl_channel_credentials(cert.read_bytes())
    channel = grpc.secure_channel(f"localhost:{service.port}", credentials)
    client = talent.EventServiceClient(
        transport=transports.EventServiceGrpcTransport(channel=channel)
    )
    event = client_event(tenant)
    assert client.create_client_event(parent=tenant, client_event=event) == event


def test_python_client_over_rest_and_tls(
    secure: tuple[Service, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, cert = secure
    tenant = new_tenant()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(cert))
    client = talent.EventServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": f"localhost:{service.port}"},
    )
    event = client_event(tenant)
    assert client.create_client_event(parent=tenant, client_event=event) == event


@pytest.mark.node
@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_node_client_over_tls(secure: tuple[Service, Path], way: str) -> None:
    service, cert = secure
    tenant = new_tenant()
    (seen,) = run(way, service.port, tenant, [node_event(tenant)], ca=cert)
    assert "error" not in seen, seen


def test_plain_text_on_the_secure_port_is_not_served(secure: tuple[Service, Path]) -> None:
    service, _ = secure
    with pytest.raises(httpx.HTTPError):
        httpx.post(
            f"http://localhost:{service.port}/v4/projects/p/tenants/t/clientEvents",
            json=event_json("projects/p/tenants/t"),
        )
