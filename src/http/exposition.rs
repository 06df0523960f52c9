//! Samples in the text format of OpenMetrics 1.0, which Prometheus reads.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::telemetry::{Kind, Sample};

/// The media type of the text.
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The text of these samples, those of a name together.
pub(super) fn text(samples: Vec<Sample>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Snapshot(samples)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Snapshot(Vec<Sample>);

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        for family in families(&self.0) {
            let Some(first) = family.first() else { continue };
            let mut metric = encoder.encode_descriptor(first.name, first.help, None, metric_type(first.kind))?;
            family.iter().try_for_each(|sample| write_sample(&mut metric, sample))?;
        }
        Ok(())
    }
}

fn write_sample(metric: &mut MetricEncoder<'_>, sample: &Sample) -> Result<(), fmt::Error> {
    let labels: Vec<_> = sample.labels.iter().map(|(name, value)| (*name, plain(value))).collect();
    match labels.is_empty() {
        true => write_value(metric, sample),
        false => write_value(&mut metric.encode_family(&labels)?, sample),
    }
}

fn write_value(metric: &mut MetricEncoder<'_>, sample: &Sample) -> Result<(), fmt::Error> {
    match sample.kind {
        Kind::Counter => metric.encode_counter::<NoLabelSet, f64, f64>(&sample.value, None),
        Kind::Gauge => metric.encode_gauge(&sample.value),
    }
}

/// The samples by name, in the order in which the names came first.
fn families(samples: &[Sample]) -> Vec<Vec<&Sample>> {
    let mut families: Vec<Vec<&Sample>> = Vec::new();
    for sample in samples {
        match families.iter_mut().find(|family| family.first().is_some_and(|first| first.name == sample.name)) {
            Some(family) => family.push(sample),
            None => families.push(vec![sample]),
        }
    }
    families
}

const fn metric_type(kind: Kind) -> MetricType {
    match kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
    }
}

/// The library writes label values as they are: whatever is no part of a code or a version becomes a low line.
fn plain(value: &str) -> String {
    let fits = |char: char| char.is_ascii_alphanumeric() || "_.-+".contains(char);
    value.chars().map(|char| if fits(char) { char } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_stand_together_and_labels_cannot_break_out() {
        let sample = |name, kind, label: &'static str, value| Sample {
            name,
            help: "Help",
            kind,
            labels: vec![("code", label.into())],
            value,
        };
        let samples = vec![
            sample("a_seconds", Kind::Gauge, "x", 0.5),
            sample("b", Kind::Counter, "one", 1.0),
            sample("a_seconds", Kind::Gauge, "y\"} 1\nevil{", 2.0),
        ];
        let expected = "# HELP a_seconds Help\n# TYPE a_seconds gauge\na_seconds{code=\"x\"} 0.5\n\
            a_seconds{code=\"y___1_evil_\"} 2.0\n\
            # HELP b Help\n# TYPE b counter\nb_total{code=\"one\"} 1.0\n# EOF\n";
        assert_eq!(text(samples).expect("a text"), expected);
    }
}
