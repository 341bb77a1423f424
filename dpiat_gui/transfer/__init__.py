"""The only place that touches weights: the plan, its execution, coverage and export.

``dpiat_gui.transfer`` is at once this package and a public function, since importing anything
from a package binds its name on the parent: calling the package is `dpiat_gui.transfer.live.transfer`.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from dpiat_gui.matching.values import Overrides
    from dpiat_gui.transfer.request import TransferReport


class _CallablePackage(ModuleType):
    """A package that is called like the function it is named after."""

    def __call__(
        self,
        source_module: "nn.Module",
        target_module: "nn.Module",
        preset: str = "recommended",
        overrides: "Overrides | None" = None,
        **options: Any,
    ) -> "TransferReport":
        """Match two live modules and copy the weights across; see `dpiat_gui.transfer.live.transfer`."""
        from dpiat_gui.transfer.live import transfer

        return transfer(source_module, target_module, preset, overrides, **options)


sys.modules[__name__].__class__ = _CallablePackage
