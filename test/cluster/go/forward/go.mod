module hopbook.test/cluster/forward

go 1.26.0
