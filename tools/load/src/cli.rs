// SPDX-License-Identifier: GPL-2.0

//! What can be typed.

use std::{net::SocketAddr, time::Duration};

use anyhow::{bail, Context, Result};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::{
    arrivals::Arrivals,
    engine::Options,
    keys::Keys,
    run::{Pace, Plan},
    sizes::{Sizes, ETC_SETS},
    tally::Amount,
};

/// Ask a server for as much or as often as it is told, and say how long the answers took
///
/// Every reply is checked, and a wrong or missing one is an error. Without --rate the loop is
/// closed: on each connection the next request follows when one is answered, and the rate is what the
/// server can do. With --rate it is open: requests are due whatever the server does, and the time
/// they take is counted from then on.
#[derive(Debug, Parser, Serialize)]
#[command(
    name = "ukl-load",
    version,
    max_term_width = 100,
    after_long_help = "\
Exit status:
  0 if all replies were right, 1 if not or if there was none, 2 for wrong arguments.

Examples:
  ukl-load redis 127.0.0.1:6379
  ukl-load redis 127.0.0.1:6379 --sets 0.1 --keys 100000 --value-size 1024 --duration 10
  ukl-load redis 127.0.0.1:6379 --rates 1000,2000,5000 --json
  ukl-load memcached 127.0.0.1:11211 --etc --connections 200 --p99-limit 500
  ukl-load echo 127.0.0.1:7 --size 32 --rate 2000 --arrivals uniform --cpu 1"
)]
pub struct Cli {
    /// What the server speaks
    #[command(subcommand)]
    #[serde(flatten)]
    pub protocol: Kind,
}

/// The protocols. Without comments of their own, which would replace those of the arguments.
#[derive(Debug, Subcommand, Serialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Kind {
    Echo(EchoArgs),
    Redis(StoreArgs),
    Memcached(StoreArgs),
}

/// Bytes are sent, and the same have to come back
#[derive(Debug, Args, Serialize)]
pub struct EchoArgs {
    #[command(flatten)]
    #[serde(flatten)]
    pub common: Common,
    /// Bytes of a request
    #[arg(long, value_name = "BYTES", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    pub size: u32,
}

/// Keys are got and set; a key's value is always the same
#[derive(Debug, Args, Serialize)]
pub struct StoreArgs {
    #[command(flatten)]
    #[serde(flatten)]
    pub common: Common,
    /// The part of the requests that are sets, for instance 0.1 or 1/31; 0 unless given
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub sets: Option<f64>,
    /// How many keys there are
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub keys: u64,
    /// Bytes of a key
    #[arg(long, value_name = "BYTES", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=250))]
    pub key_size: u32,
    /// Bytes of a value
    #[arg(long, value_name = "BYTES", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=16 << 20))]
    pub value_size: u32,
    /// Sizes, and a share of sets unless given, as in Facebook's memcached pool ETC
    #[arg(long, conflicts_with_all = ["key_size", "value_size"])]
    pub etc: bool,
    /// Whether to store all keys first
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    pub preload: bool,
}

/// What all protocols have.
#[derive(Debug, Args, Serialize)]
pub struct Common {
    /// Address and port of the server, for instance 127.0.0.1:6379
    #[arg(value_name = "ADDRESS")]
    pub address: SocketAddr,
    /// How many connections
    #[arg(short, long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub connections: u32,
    /// How many requests may be under way on a connection
    #[arg(short = 'P', long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub pipeline: u32,
    /// End after N requests
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    pub requests: Option<u64>,
    /// End after S seconds; 5 unless given, or --requests
    #[arg(short, long, value_name = "S", value_parser = parse_positive)]
    pub duration: Option<f64>,
    /// Do not count what happens in the first S seconds
    #[arg(short, long, value_name = "S", default_value = "1", value_parser = parse_seconds)]
    pub warmup: f64,
    /// Ask N times in a second, over all connections; with --p99-limit, the most to try
    #[arg(short, long, value_name = "N", value_parser = parse_rate)]
    pub rate: Option<f64>,
    /// Ask at these rates, one after the other
    #[arg(long, value_name = "N,N…", value_delimiter = ',', conflicts_with = "rate", value_parser = parse_rate)]
    pub rates: Vec<f64>,
    /// Look for the highest rate whose p99 is at most so many microseconds
    #[arg(long, value_name = "USEC", conflicts_with = "rates", value_parser = parse_positive)]
    pub p99_limit: Option<f64>,
    /// How many rates to try for --p99-limit
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=30))]
    pub steps: u32,
    /// How requests follow each other at a rate
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Arrivals::Poisson)]
    pub arrivals: Arrivals,
    /// Seed of the random numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Run on this CPU only
    #[arg(long, value_name = "N")]
    pub cpu: Option<usize>,
    /// Do not sleep: replies are seen sooner, if the CPU is not needed for anything else
    #[arg(long)]
    pub spin: bool,
    /// Come from the addresses 127.0.0.1 to 127.0.0.N, if the ports of one are too few
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=254))]
    pub sources: u8,
    /// Fail if a connection or a reply takes longer than S seconds
    #[arg(long, value_name = "S", default_value = "5", value_parser = parse_positive)]
    pub timeout: f64,
    /// Fail if --requests, or storing the keys, takes longer than S seconds
    #[arg(long, value_name = "S", default_value = "600", value_parser = parse_positive)]
    pub limit: f64,
    /// An object of JSON in a line for each run
    #[arg(long)]
    pub json: bool,
}

impl Cli {
    /// The arguments of this process, with what follows from others filled in.
    pub fn read() -> Self {
        let mut cli = Self::parse();
        match &mut cli.protocol {
            Kind::Echo(args) => args.common.fill_in(),
            Kind::Redis(args) | Kind::Memcached(args) => {
                args.sets = Some(args.share());
                args.common.fill_in();
            }
        }
        cli
    }

    /// What all protocols have.
    pub fn common(&self) -> &Common {
        match &self.protocol {
            Kind::Echo(args) => &args.common,
            Kind::Redis(args) | Kind::Memcached(args) => &args.common,
        }
    }
}

impl Common {
    fn fill_in(&mut self) {
        if self.requests.is_none() {
            self.duration = Some(self.duration());
        }
    }

    fn duration(&self) -> f64 {
        self.duration.unwrap_or(5.0)
    }

    /// How to connect.
    pub fn options(&self) -> Result<Options> {
        let loopback = match self.address {
            SocketAddr::V4(address) => address.ip().is_loopback(),
            SocketAddr::V6(_) => false,
        };
        if self.sources > 1 && !loopback {
            bail!(
                "--sources is for a server at 127.0.0.0/8, and {} is not",
                self.address
            );
        }
        Ok(Options {
            address: self.address,
            connections: self.connections as usize,
            sources: self.sources,
            timeout: Duration::from_secs_f64(self.timeout),
            limit: Duration::from_secs_f64(self.limit),
            spin: self.spin,
        })
    }

    /// A run at a rate, or as fast as it goes.
    pub fn plan(&self, rate: Option<f64>) -> Plan {
        Plan {
            pace: match rate {
                None => Pace::Closed,
                Some(rate) => Pace::Open {
                    rate,
                    arrivals: self.arrivals,
                    seed: self.seed,
                },
            },
            amount: match self.requests {
                Some(requests) => Amount::Requests(requests),
                None => Amount::Time(Duration::from_secs_f64(self.duration())),
            },
            warmup: Duration::from_secs_f64(self.warmup),
            pipeline: self.pipeline as usize,
        }
    }
}

impl StoreArgs {
    /// The keys and their values.
    pub fn keys(&self) -> Keys {
        let sizes = match self.etc {
            true => Sizes::etc(self.keys),
            false => Sizes::Fixed {
                key: self.key_size as usize,
                value: self.value_size as usize,
            },
        };
        Keys::new(self.keys, sizes)
    }

    /// The part of the requests that are sets.
    pub fn share(&self) -> f64 {
        self.sets.unwrap_or(if self.etc { ETC_SETS } else { 0.0 })
    }
}

fn parse_seconds(text: &str) -> Result<f64> {
    let seconds: f64 = text.parse().context("not a number of seconds")?;
    match (0.0..=86_400.0).contains(&seconds) {
        true => Ok(seconds),
        false => bail!("not a number of seconds from 0 to 86400"),
    }
}

fn parse_positive(text: &str) -> Result<f64> {
    match text.parse() {
        Ok(number) if (0.001..=86_400_000.0).contains(&number) => Ok(number),
        _ => bail!("not a number from 0.001 to 86400000"),
    }
}

fn parse_rate(text: &str) -> Result<f64> {
    match text.parse() {
        Ok(rate) if (0.1..=10_000_000.0).contains(&rate) => Ok(rate),
        _ => bail!("not a number of requests per second from 0.1 to 10000000"),
    }
}

fn parse_share(text: &str) -> Result<f64> {
    let share = match text.split_once('/') {
        None => text.parse().ok(),
        Some((part, all)) => match (part.parse::<f64>(), all.parse::<f64>()) {
            (Ok(part), Ok(all)) => Some(part / all),
            _ => None,
        },
    };
    match share {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => bail!("not a share from 0 to 1, such as 0.1 or 1/31"),
    }
}

#[cfg(test)]
mod tests {
    use clap::{error::ErrorKind, CommandFactory};

    use super::*;

    fn parse(line: &str) -> Result<Cli, ErrorKind> {
        Cli::try_parse_from(line.split(' ')).map_err(|error| error.kind())
    }

    fn store(line: &str) -> StoreArgs {
        match parse(line).unwrap().protocol {
            Kind::Redis(args) | Kind::Memcached(args) => args,
            Kind::Echo(_) => panic!("{line}"),
        }
    }

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn shares_are_numbers_or_fractions() {
        assert_eq!(store("ukl-load redis 127.0.0.1:1").share(), 0.0);
        assert_eq!(store("ukl-load redis 127.0.0.1:1 --sets 0.1").share(), 0.1);
        let etc = store("ukl-load memcached 127.0.0.1:1 --etc");
        assert_eq!(etc.share(), 1.0 / 31.0);
        let half = store("ukl-load memcached [::1]:1 --etc --sets 1/2");
        assert_eq!(half.share(), 0.5);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for arguments in [
            "--connections 0",
            "--connections 10001",
            "--pipeline 0",
            "--requests 0",
            "--duration 0",
            "--duration nan",
            "--warmup -1",
            "--rate 0",
            "--rates 1,x",
            "--sets 2/1",
            "--sets 1/0",
            "--sets -0.1",
            "--keys 0",
            "--key-size 251",
            "--sources 0",
            "--timeout 0",
            "--p99-limit inf",
            "localhost",
        ] {
            let line = format!("ukl-load redis {arguments} 127.0.0.1:1");
            let kind = parse(&line).map(drop).unwrap_err();
            let expected = [ErrorKind::ValueValidation, ErrorKind::UnknownArgument];
            assert!(expected.contains(&kind), "{line}: {kind}");
        }
        for arguments in [
            "--requests 1 --duration 1",
            "--rate 1 --rates 2",
            "--rates 1 --p99-limit 2",
            "--etc --value-size 3",
        ] {
            let line = format!("ukl-load redis {arguments} 127.0.0.1:1");
            let kind = parse(&line).map(drop).unwrap_err();
            assert_eq!(kind, ErrorKind::ArgumentConflict, "{line}");
        }
    }

    #[test]
    fn sources_are_for_loopback() {
        let options = |line| parse(line).unwrap().common().options();
        assert!(options("ukl-load echo 127.0.0.1:1 --sources 2").is_ok());
        assert!(options("ukl-load echo [::1]:1 --sources 2").is_err());
        assert!(options("ukl-load echo 10.0.0.1:1 --sources 2").is_err());
    }
}
