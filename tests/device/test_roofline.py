"""How instructions of a kernel are counted by the loop they stand in; the text is written for the purpose."""

from __future__ import annotations

from benchmarks.kernels import occupancy
from benchmarks.roofline import CONTACT, COUNTS, ENTRY, PARTICLE, counted, limits, regions

TEXT = """
.visible .entry kernel(
	.param .u64 kernel_param_0
)
{
	.reg .f64 	%fd<9>;
	ld.param.u64 	%rd1, [kernel_param_0];
	@%p1 bra 	$end;
$particle:
	ld.global.f64 	%fd1, [%rd1];
	@%p2 bra 	$store;
$entry:
	ld.global.s32 	%r1, [%rd2];
	sub.f64 	%fd2, %fd1, %fd1;
	fma.rn.f64 	%fd3, %fd2, %fd2, %fd2;
	@%p3 bra 	$contact;
	bra.uni 	$apart;
$contact:
	cvt.rn.f32.f64 	%f1, %fd3;
	sqrt.rn.f32 	%f2, %f1;
	@%p4 mul.f32 	%f2, %f2, %f2;
	st.global.f32 	[%rd3], %f2;
	bra.uni 	$next;
$apart:
	st.global.u8 	[%rd3], 0;
$next:
	@%p5 bra 	$entry;
$store:
	st.global.f64 	[%rd1], %fd3;
	@%p6 bra 	$particle;
$end:
	ret;
}
"""


def test_instructions_go_to_their_loop() -> None:
    """Two loops, in the inner one a branch; what is before them, and the shorter way of the branch, count nowhere."""
    found = {name: counted(lines) for name, lines in regions(TEXT).items()}
    assert found[PARTICLE] == {"bytes read": 8, "bytes written": 8, "instructions": 4}
    entry = {"bytes read": 4, "flops in 64 bits": 3, "roots and divisions": 0, "instructions": 6}
    assert found[ENTRY] == entry
    contact = {"bytes written": 4, "flops in 32 bits": 2, "roots and divisions": 1, "instructions": 14}
    assert found[CONTACT] == contact


def test_limits() -> None:
    """A demand of one second of each by the published numbers of an H200."""
    demand = dict.fromkeys(COUNTS, 0.0) | {"flops in 32 bits": 33.5e12, "flops in 64 bits": 17e12}
    found = limits(demand | {"instructions": 33.5e12}, 4.8e12)
    assert found == {"memory": 1.0, "arithmetic": 1.0, "instructions": 1.0}


def test_occupancy() -> None:
    """The occupancy calculator of CUDA for blocks of 128 threads on capability 9.0."""
    assert [occupancy(registers) for registers in (32, 64, 96, 128, 129, 168, 169, 255)] == [
        1.0, 0.5, 0.3125, 0.25, 0.1875, 0.1875, 0.125, 0.125,
    ]  # fmt: skip
