//! The network, and sockets of other processes.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, accept, bind, connect, listen, socket, socketpair,
};

use super::{Outcome, Scene, Try, tried};

pub(super) const ALL: &[(&str, Try)] = &[
    ("make a TCP socket", |_| opened(AddressFamily::INET, SocketType::STREAM)),
    ("make a UDP socket", |_| opened(AddressFamily::INET, SocketType::DGRAM)),
    ("make a TCP socket of IPv6", |_| opened(AddressFamily::INET6, SocketType::STREAM)),
    ("make a Unix socket", |_| opened(AddressFamily::UNIX, SocketType::STREAM)),
    ("make a raw socket", |_| opened(AddressFamily::INET, SocketType::RAW)),
    ("make a socket of packets", |_| opened(AddressFamily::PACKET, SocketType::RAW)),
    ("make a socket to the kernel's network", |_| opened(AddressFamily::NETLINK, SocketType::RAW)),
    ("make a socket to the host of a machine", |_| opened(AddressFamily::VSOCK, SocketType::STREAM)),
    ("make a pair of sockets", |_| {
        tried(socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None))
    }),
    ("connect to this machine", |_| tried(TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, 9))))),
    ("connect to an abstract socket of the parent", |scene| tried(connected(scene))),
    ("connect the own socket to an abstract one", |scene| {
        tried(name_of_the_parent(scene).and_then(|name| connect(io::stdin(), &name)))
    }),
    ("bind the own socket to an abstract name", |_| {
        tried(SocketAddrUnix::new_abstract_name(b"mediary-escape").and_then(|name| bind(io::stdin(), &name)))
    }),
    ("listen at the own socket", |_| tried(listen(io::stdin(), 1))),
    ("accept at the own socket", |_| tried(accept(io::stdin()))),
];

fn opened(family: AddressFamily, kind: SocketType) -> Outcome {
    tried(socket(family, kind, None))
}

/// The program listens at an abstract socket while attackers try to reach it.
pub(super) fn listener() -> io::Result<OwnedFd> {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None)?;
    bind(&socket, &abstract_name(std::process::id())?)?;
    listen(&socket, 1)?;
    Ok(socket)
}

fn connected(scene: &Scene) -> rustix::io::Result<()> {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None)?;
    connect(&socket, &name_of_the_parent(scene)?)
}

fn name_of_the_parent(scene: &Scene) -> rustix::io::Result<SocketAddrUnix> {
    abstract_name(scene.parent.as_raw_pid().cast_unsigned())
}

fn abstract_name(pid: u32) -> rustix::io::Result<SocketAddrUnix> {
    SocketAddrUnix::new_abstract_name(format!("mediary-escape-{pid}").as_bytes())
}
