"""A real Slurm of one node, made for the test: munged, slurmctld and slurmd from a scratch folder."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

PROGRAMS = ("munged", "munge", "slurmctld", "slurmd", "sbatch", "scontrol", "sinfo", "squeue", "scancel")
START_LIMIT = 60.0  # seconds until the node must be idle
STOP_LIMIT = 15.0  # seconds until cancelled jobs must be gone, before they are killed

# cred_expire is also how long Slurm holds a requeued job back: 120 s by default. The scheduler looks every two
# seconds, so that the test does not wait a whole default interval after that.
CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=2,sched_min_interval=100000
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
NodeName=node NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=test Nodes=node Default=YES MaxTime=INFINITE State=UP
"""


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(condition: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Look twice a second until `condition` holds; after `seconds` fail with what `what` says."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"after {seconds:.0f} s: {what()}")
        time.sleep(0.5)


class SlurmCluster:
    """One node with two processors; its programs are children of the test and end with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH"))}
        self.environment["SLURM_CONF"] = str(folder / "slurm.conf")
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Write the configuration, start the three daemons and wait for the node to be idle."""
        self._write_configuration()
        folder = self.folder
        self._daemon(
            "munged", "--foreground", "--force", "--num-threads=2", f"--key-file={folder}/munge.key",
            f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid", f"--seed-file={folder}/munge.seed",
            f"--log-file={folder}/munged.log",
        )  # fmt: skip
        wait_until((folder / "munge.socket").exists, START_LIMIT, self.logs)
        self._daemon("slurmctld", "-D", "-i")
        self._daemon("slurmd", "-D", "-N", "node")
        wait_until(lambda: self.query("sinfo", "-h", "-o", "%T") == "idle", START_LIMIT, self.logs)

    def stop(self) -> None:
        """End every job, daemon and process that belongs to this cluster, whatever state it is in."""
        if not self._daemons:
            return
        for state in ("PENDING", "RUNNING"):
            self.query("scancel", "--full", f"--state={state}")
        end = time.monotonic() + STOP_LIMIT
        while self.query("squeue", "--noheader") and time.monotonic() < end:
            time.sleep(0.5)
        own = self._processes()
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for process in psutil.wait_procs(own, timeout=5)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        for daemon in self._daemons:
            daemon.wait(timeout=10)

    def query(self, *command: str) -> str:
        """What a Slurm command prints; empty when it fails, as it does until the controller answers."""
        try:
            done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=30)
        except subprocess.TimeoutExpired:
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    def submit(self, *arguments: str, folder: Path) -> str:
        """Submit with sbatch from `folder`; the job's number."""
        done = subprocess.run(
            ["sbatch", "--parsable", *arguments], env=self.environment, cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def job(self, number: str) -> dict[str, str]:
        """The fields of `scontrol show job`, such as JobState, Restarts, ExitCode."""
        text = self.query("scontrol", "--oneliner", "show", "job", number)
        return dict(field.split("=", 1) for field in text.split() if "=" in field)

    def logs(self) -> str:
        """The last lines of every daemon's log, for the message of a failed test."""
        parts = [f"--- {p.name}\n" + "\n".join(p.read_text(errors="replace").splitlines()[-25:]) for p in self._logs()]
        return "\n".join(parts)

    def _logs(self) -> list[Path]:
        return sorted(self.folder.glob("*.log"))

    def _write_configuration(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        controller_port, node_port = free_ports(2)
        text = CONFIGURATION.format(
            folder=self.folder, host=socket.gethostname(), controller_port=controller_port, node_port=node_port
        )
        (self.folder / "slurm.conf").write_text(text)
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))

    def _daemon(self, *command: str) -> None:
        with (self.folder / f"{command[0]}-output.log").open("wb") as output:
            self._daemons.append(
                subprocess.Popen(command, env=self.environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
            )

    def _processes(self) -> list[psutil.Process]:
        """Everything that runs for this cluster: daemons, jobs, and the steps' keepers, known by their sockets."""
        own = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                sockets = process.net_connections("unix") if process.name() == "slurmstepd" else []
                if process.environ().get("SLURM_CONF") == self.environment["SLURM_CONF"] or any(
                    str(each.laddr).startswith(str(self.folder)) for each in sockets
                ):
                    own.append(process)
        return own


@pytest.fixture
def slurm_cluster(require: Callable[..., None]) -> Iterator[SlurmCluster]:
    """A one-node cluster, to be started by the test and stopped here; needs root and Debian's slurm-wlm and munge."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    require("slurm", not missing, f"{', '.join(missing)} not found; apt-get install slurm-wlm munge")
    require("slurm", os.geteuid() == 0, "slurmd and its jobs need root")
    folder = Path(tempfile.mkdtemp(prefix="dempbm-slurm-"))
    folder.chmod(0o755)
    cluster = SlurmCluster(folder)
    cluster.environment["PATH"] += ":/usr/sbin"
    try:
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
