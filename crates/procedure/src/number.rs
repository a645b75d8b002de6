//! 编号. The numbers that people cite: gap-free per department, year of entry and kind.
//!
//! A decision asks for the next of a series; the ordinal is filled in when the act is recorded, by [`fill`], so that a refused act uses none.

use serde::{Deserialize, Serialize};

use crate::{dossier::Entry, value::choice};

choice! {
    /// 编号种类.
    Series {
        Lead = "lead", "线";
        Case = "case", "案";
        FilingNotice = "filing_notice", "立通";
        Supervision = "supervision", "督";
        UnitDirection = "unit_direction", "导";
        Receipt = "receipt", "收";
        Supplement = "supplement", "补";
        Violation = "violation", "督指";
        Explanation = "explanation", "情说";
        Transfer = "transfer", "移";
        DesignationRequest = "designation_request", "请指";
        Designation = "designation", "指";
        JurisdictionNotice = "jurisdiction_notice", "管告";
        CrimeReferral = "crime_referral", "刑移";
        CorrectionProposal = "correction_proposal", "纠建";
        DealingRequest = "dealing_request", "提请";
        Cooperation = "cooperation", "协";
        LiabilityProposal = "liability_proposal", "责建";
        TravelReview = "travel_review", "境告";
        TechnicalRequest = "technical_request", "技委";
        HazardNotice = "hazard_notice", "限改";
        Appraisal = "appraisal", "密鉴";
        StopUse = "stop_use", "停用";
    }
}

/// A number such as 温保案〔2022〕3号.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// The kind.
    pub series: Series,
    /// 代字. The department's sign.
    pub sign: String,
    /// The year of entry.
    pub year: i16,
    /// The place in the series, from 1, once recorded.
    pub ordinal: Option<u32>,
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.ordinal {
            Some(ordinal) => write!(f, "{}{}〔{}〕{ordinal}号", self.sign, self.series, self.year),
            None => f.write_str("（待编号）"),
        }
    }
}

/// The name of the series a number belongs to, unique over departments, years and kinds.
pub fn series_key(department: &str, number: &Number) -> String {
    format!("{department}/{}/{}", number.year, number.series)
}

/// The series that an entry still needs a number of.
pub fn to_fill(entry: &Entry) -> Option<String> {
    let number = entry.number().filter(|number| number.ordinal.is_none())?;
    Some(series_key(&entry.department.0, number))
}

/// Fills in the ordinal of an entry's number, if it has one, from the next of its series.
pub fn fill(entry: &mut Entry, next: impl FnOnce(&str) -> u32) {
    let department = entry.department.clone();
    if let Some(number) = entry.number_mut().filter(|number| number.ordinal.is_none()) {
        number.ordinal = Some(next(&series_key(&department.0, number)));
    }
}
