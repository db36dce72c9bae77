// SPDX-License-Identifier: GPL-2.0

//! Sockets, after `std::net` and `tokio::net`.
//!
//! For TCP, sending is `tcp_sendmsg()` and receiving `tcp_recvmsg()` or `tcp_read_sock()`, without
//! descriptor, VFS and user copy. Left out with them: the LSM hooks and the cgroup BPF programs of the
//! `sendmsg` and `recvmsg` system calls, and receive packet steering's flow table. For the others it is
//! `sock_sendmsg()` and `sock_recvmsg()` without descriptor, user copy and those LSM hooks.
//!
//! Sockets are in the network namespace of the thread that makes them. All may be used by several
//! threads at once; each call is whole, their order is the kernel's. One that is dropped while another
//! thread is blocked in it cannot be, as that thread borrows it: [`shutdown`](TcpStream::shutdown) ends
//! such a wait.

mod addr;
mod exchange;
mod sock;
mod tcp;
mod udp;
mod unix;

pub use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
pub use exchange::{Exchange, Exchanged};
pub use tcp::{TcpListener, TcpSocket, TcpStream};
pub use udp::UdpSocket;
pub use unix::{UnixAddr, UnixListener, UnixStream};

/// Which half of a connection a `shutdown` ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shutdown {
    /// No more receiving.
    Read,
    /// No more sending: the peer reads the end of the stream.
    Write,
    /// Neither.
    Both,
}
