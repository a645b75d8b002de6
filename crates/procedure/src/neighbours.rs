//! 相关规定. Neighbouring law that no department works without: not in the sixty-four articles, each with its source and dates in force.
//!
//! What is computed from it a department can switch off like a reading.

use crate::value::choice;

choice! {
    /// 移送的机关. Where suspected crime and other matters go; the text names none of them (art. 29).
    Authority {
        StateSecurity = "state_security", "国家安全机关";
        Police = "police", "公安机关";
        Supervision = "supervision", "监察机关";
        Procuratorate = "procuratorate", "检察机关";
        Other = "other", "其他有关部门";
    }
}
