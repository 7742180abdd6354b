//! What was measured, beside what is promised.

use std::fmt::Write;

/// A figure and its promise.
struct Row {
    name: String,
    baseline: String,
    measured: String,
    ratio: String,
    promise: String,
    met: Option<bool>,
}

/// All figures of a run.
pub struct Table {
    rows: Vec<Row>,
    machine: String,
}

/// What is promised of a figure.
#[derive(Clone, Copy)]
pub enum Promise {
    AtLeast(f64),
    AtMost(f64),
    /// Nothing; it is printed to be known.
    Nothing,
}

impl Table {
    pub fn new(apart: bool) -> Self {
        let first = |path: &str, key: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines().find(|line| line.starts_with(key)).and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let cores = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default().matches("processor\t").count();
        let output = |program: &str, arguments: &[&str]| {
            let output = std::process::Command::new(program).args(arguments).output().map(|output| output.stdout).unwrap_or_default();
            String::from_utf8(output).unwrap().trim().to_owned()
        };
        let machine = format!(
            "{}, {cores} processors{}; {}; commit {}",
            first("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned()),
            if apart { ", server and load on one each" } else { ", server and load not kept apart" },
            output("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
            output("git", &["describe", "--always", "--dirty", "--exclude=*"]),
        );
        Self { rows: Vec::new(), machine }
    }

    /// A ratio to a baseline that was measured in the same run.
    pub fn ratio(&mut self, name: &str, baseline: &str, measured: &str, ratio: f64, promise: Promise) {
        self.row([name, baseline, measured, &format!("{ratio:.2}")], ratio, "", promise);
    }

    /// A figure that stands for itself.
    pub fn figure(&mut self, name: &str, baseline: &str, value: f64, unit: &str, promise: Promise) {
        self.row([name, baseline, &format!("{value:.1} {unit}"), ""], value, unit, promise);
    }

    fn row(&mut self, [name, baseline, measured, ratio]: [&str; 4], value: f64, unit: &str, promise: Promise) {
        let (promise, met) = match promise {
            Promise::AtLeast(least) => (format!("≥ {least} {unit}"), Some(value >= least)),
            Promise::AtMost(most) => (format!("≤ {most} {unit}"), Some(value <= most)),
            Promise::Nothing => (String::new(), None),
        };
        eprintln!("{name}: {measured} {ratio} ({baseline}) {promise}");
        let [name, baseline, measured, ratio, promise] = [name, baseline, measured, ratio, promise.trim_end()].map(str::to_owned);
        self.rows.push(Row { name, baseline, measured, ratio, promise, met });
    }

    /// Prints everything as a table in Markdown; answers whether every promise was met.
    pub fn print(&self) -> bool {
        let mut text = String::from("| | baseline | measured | ratio | promise | |\n|---|---|---|---|---|---|\n");
        for Row { name, baseline, measured, ratio, promise, met } in &self.rows {
            let met = met.map_or("", |met| if met { "met" } else { "NOT MET" });
            writeln!(text, "| {name} | {baseline} | {measured} | {ratio} | {promise} | {met} |").unwrap();
        }
        println!("{text}\n{}", self.machine);
        self.rows.iter().all(|row| row.met != Some(false))
    }
}

/// The value in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The value below which this share of all lies.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share).ceil();
    // As many places as there are values: what is rounded is small and not negative.
    let at = (0..values.len()).find(|at| (at + 1) as f64 >= place).unwrap_or(values.len() - 1);
    values[at]
}
