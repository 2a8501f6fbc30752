package casework

import (
	"zapis/internal/trustee/casefile"
	"zapis/internal/trustee/deskstate"
)

// Lacks names what an addressee asks for and the case does not have, as clauses without full stop. It forbids nothing.
func Lacks(c *casefile.Case, d deskstate.Case, to casefile.Addressee) []string {
	var lacks []string
	lack := func(missing bool, what string) {
		if missing {
			lacks = append(lacks, what)
		}
	}
	graded := func(byReview, field string) bool { return byReview != "" || d.Fields[field].Text != "" }
	lack(c.Newest("when") == "", "a date: the reporter has not said when it happened")
	lack(c.Newest("country_event") == "", "a place: the reporter has not said in which country it happened")
	lack(len(c.Exhibits) == 0, "exhibits: nothing but words goes along")
	lack(!graded(c.Source, "reliability") || !graded(c.Information, "content"), "a grade of source and information by a trustee")
	switch to.Code {
	case "un", "ccf":
		lack(len(c.Identity()) == 0, "the name of the person: they answer nobody without it")
		lack(len(c.Translations("en")) == 0 && c.Newest("language") != "en", "a translation into English")
	case "court":
		lack(c.Newest("reported_to") == "", "which offices were told before: a court asks whether remedies were used")
	case "police":
		lack(len(c.Identity()) == 0, "the contact: police can't ask back without it")
	}
	return lacks
}
