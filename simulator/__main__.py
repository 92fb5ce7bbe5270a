"""`python -m simulator`: the platform and its phones, for accounts listed in a YAML file."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from simulator import server
from simulator.delivery import Pace
from simulator.world import SimAccount


def load_accounts(path: str | Path) -> list[SimAccount]:
    """Reads the accounts: a list of maps with the fields of SimAccount."""
    return [SimAccount(**raw) for raw in yaml.safe_load(Path(path).read_text(encoding="utf-8"))]


def main(argv: Sequence[str] | None = None) -> int:
    """Starts the simulator from the command line."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description="模拟微信与企业微信平台")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--world", default="demo/community.yaml", help="社区文件")
    parser.add_argument("--accounts", required=True, help="账号文件（YAML 列表）")
    parser.add_argument("--calls-file", default=None, help="接口调用记录写到这个文件，每行一条 JSON")
    parser.add_argument("--console-url", default="", help="页面上“管理后台”的地址")
    parser.add_argument("--cut-s", type=float, default=5.0, help="等应用回复的秒数")
    parser.add_argument("--retry-wait-s", type=float, default=1.0, help="两次重试之间的秒数")
    parser.add_argument("--socket-port", type=int, default=None, help="智能机器人长连接的端口，不写则没有")
    parser.add_argument("--clock-file", default=None, help="时间快进了多少秒，写在这个文件里，应用照着走")
    args = parser.parse_args(argv)
    server.run(args.host, args.port, args.world, load_accounts(args.accounts), calls_file=args.calls_file,
               console_url=args.console_url, pace=Pace(cut_s=args.cut_s, retry_wait_s=args.retry_wait_s),
               socket_port=args.socket_port, clock_file=args.clock_file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
