@shop/sell
Feature: Selling
  @id:one @xfail
  Scenario: One
    Given a stock of 3
    When 1 are sold
    Then 7 are left
