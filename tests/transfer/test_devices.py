import pytest

from dpiat_gui.errors import TransferError
from dpiat_gui.transfer import devices
from dpiat_gui.transfer.devices import available_devices, resolve_device


def test_missing_devices_are_refused_with_those_there_are():
    assert available_devices()[-1] == resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == available_devices()[0]
    with pytest.raises(TransferError, match="no device cuda:99") as caught:
        resolve_device("cuda:99")
    assert "cpu" in caught.value.hint
    for name in ("gpu", "cuda:", "cuda:x", "", "cuda:-1", "mps:3"):
        with pytest.raises(TransferError, match="is no device"):
            resolve_device(name)


def test_a_device_that_does_not_work_is_refused_and_auto_goes_on(monkeypatch):
    monkeypatch.setattr(devices, "available_devices", lambda: ("cuda:0", "cpu"))
    monkeypatch.setattr(devices, "_complaint", lambda name: "no kernel image" if name != "cpu" else None)
    assert resolve_device("auto") == "cpu"
    with pytest.raises(TransferError, match="does not work: no kernel image"):
        resolve_device("cuda")
